// A server that answers as it is told: for what a real one does only when it is in trouble.

import { createServer } from "node:http";

/** What a server answers that stores everything. */
export function stored(lines) {
  const receipt = { organization: "ri.indelible..organization.acme", seq: 1, leafHash: "x" };
  const outcomes = lines.map((_, index) => ({ line: index + 1, status: "new", receipts: [receipt] }));
  return { status: 200, answer: { new: lines.length, duplicate: 0, refused: 0, outcomes } };
}

export const failed = (status, code, headers = {}) => () => ({
  status,
  headers,
  answer: { error: { code, message: "as told", requestId: "1" } },
});

/** Refuses every event whose name is REFUSE. */
export const refused = (code) => (lines) => {
  const reply = stored(lines);
  lines.forEach(({ name }, index) => {
    if (name !== "REFUSE") return;
    reply.answer.outcomes[index] = { line: index + 1, status: "refused", error: { code, message: "as told", field: "name" } };
  });
  return reply;
};

/** Gives the replies in their order, the last one for ever, and keeps what it was sent. */
export class Peer {
  requests = [];

  static async start(...replies) {
    const peer = new Peer();
    peer.replies = replies.length > 0 ? replies : [stored];
    peer.server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const lines = Buffer.concat(chunks).toString().trim().split("\n").map((line) => JSON.parse(line));
      peer.requests.push({ headers: request.headers, lines });
      const { status, headers, answer } = (peer.replies.length > 1 ? peer.replies.shift() : peer.replies[0])(lines);
      response.writeHead(status, headers).end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
    await new Promise((resolve) => peer.server.listen(0, "127.0.0.1", resolve));
    peer.url = `http://127.0.0.1:${peer.server.address().port}`;
    return peer;
  }

  /** All that was sent, in order; what was sent again counts again. */
  get events() {
    return this.requests.flatMap(({ lines }) => lines);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
