// An OpenID Connect provider for tests: `oidc-provider`, and on demand the tokens that an attacker would make.
//
// node provider.mjs FOLDER PORT NODE_HOME [CERTIFICATE KEY]
//
// FOLDER/settings.json is read anew at each request:
//   accounts    {name: {name, email, groups}}; any password does
//   clients     [{client_id, client_secret?, redirect_uris}]
//   algorithm   of ID tokens
//   keys        a number; another number is another key
//   claimsIn    "id_token" or "userinfo": where the claims of an account are
//   tamper      what is wrong with ID tokens, or null; see `tampered`
// FOLDER/requests gets a line for each request: its path.

import { constants, createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { pathToFileURL } from 'node:url';

const [folder, port, home, certificate, certificateKey] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(`${home}/node_modules/${path}`));
const { Provider } = await load('oidc-provider/lib/index.js');
const issuer = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`;

const curves = { RS256: ['rsa', { modulusLength: 2048 }], PS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }], EdDSA: ['ed25519', {}] };

let settings, built, provider, key;

/** Makes the provider anew where the settings ask for another one. */
function refresh() {
  settings = JSON.parse(readFileSync(`${folder}/settings.json`, 'utf8'));
  const { algorithm, keys, clients, claimsIn } = settings;
  const wanted = JSON.stringify({ algorithm, keys, clients, claimsIn });
  if (wanted === built) return;
  if (!key || key.number !== keys || key.alg !== algorithm) {
    const pair = generateKeyPairSync(...curves[algorithm]);
    key = { ...pair, number: keys, alg: algorithm, kid: `${algorithm}-${keys}` };
  }
  const jwk = { ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: algorithm, use: 'sig' };
  provider = new Provider(issuer, {
    clients: clients.map((client) => ({
      ...client,
      token_endpoint_auth_method: client.client_secret ? 'client_secret_basic' : 'none',
      id_token_signed_response_alg: algorithm,
    })),
    jwks: { keys: [jwk] },
    conformIdTokenClaims: claimsIn === 'userinfo',
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    cookies: { keys: ['a key of tests'] },
    enabledJWA: { idTokenSigningAlgValues: Object.keys(curves) },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    findAccount: (_, id) => {
      const account = settings.accounts[id];
      return account && { accountId: id, claims: () => ({ sub: id, email_verified: true, ...account }) };
    },
    // Nobody is asked whether the client may know.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
  });
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === '/token' && ctx.body?.id_token && settings.tamper) {
      ctx.body.id_token = tampered(ctx.body.id_token, settings.tamper);
    }
  });
  built = wanted;
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (text) => JSON.parse(Buffer.from(text, 'base64url'));

/** The same token with one thing wrong. */
function tampered(token, how) {
  let [header, claims] = token.split('.').slice(0, 2).map(decode);
  const now = Math.floor(Date.now() / 1000);
  const change = {
    nonce: () => { claims.nonce = 'another'; },
    noNonce: () => { delete claims.nonce; },
    expired: () => { claims.exp = now - 3600; claims.iat = now - 7200; },
    noExpiry: () => { delete claims.exp; },
    future: () => { claims.iat = now + 3600; claims.exp = now + 7200; },
    audience: () => { claims.aud = 'somebody-else'; },
    audiences: () => { claims.aud = [claims.aud, 'somebody-else']; delete claims.azp; },
    party: () => { claims.azp = 'somebody-else'; },
    issuer: () => { claims.iss = 'http://127.0.0.1:1'; },
    noSubject: () => { delete claims.sub; },
    none: () => { header = { alg: 'none' }; },
    hs256: () => { header = { alg: 'HS256', kid: key.kid }; },
    unknownKey: () => { header.kid = 'another'; },
    otherKey: () => {},
    cut: () => {},
  };
  change[how]();
  const signed = `${encode(header)}.${encode(claims)}`;
  if (how === 'none') return `${signed}.`;
  // The public key, which everybody has, as the secret.
  if (how === 'hs256') return `${signed}.${createHmac('sha256', key.publicKey.export({ format: 'pem', type: 'spki' })).update(signed).digest('base64url')}`;
  const signature = sign(signed, how === 'otherKey' ? generateKeyPairSync(...curves[key.alg]).privateKey : key.privateKey);
  return `${signed}.${how === 'cut' ? signature.slice(0, 20) : signature}`;
}

function sign(text, privateKey) {
  const options = { RS256: ['sha256', { key: privateKey }], PS256: ['sha256', { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }], ES256: ['sha256', { key: privateKey, dsaEncoding: 'ieee-p1363' }], EdDSA: [null, { key: privateKey }] };
  const [digest, how] = options[key.alg];
  return signBytes(digest, Buffer.from(text), how).toString('base64url');
}

const answer = (request, response) => {
  appendFileSync(`${folder}/requests`, `${request.url.split('?')[0]}\n`);
  refresh();
  provider.callback()(request, response);
};
const server = certificate
  ? createTlsServer({ cert: readFileSync(certificate), key: readFileSync(certificateKey) }, answer)
  : createServer(answer);
server.listen(Number(port), '127.0.0.1');
