//! What the words in the name of an operation say about its category.

use super::Sure;
use crate::header::matches;

/// The words of a name in lower case: apart at marks, at spaces, where a capital begins (`createUser`, `APIKey`) and before
/// digits.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        if !word.is_empty() && (!c.is_alphanumeric() || begins(before, c, word.chars().count(), rest.as_str())) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a word begins with `c`, `letters` of one standing before it and `after` behind it.
fn begins(before: char, c: char, letters: usize, after: &str) -> bool {
    if c.is_numeric() || !c.is_uppercase() {
        return c.is_numeric() && before.is_alphabetic();
    }
    // The last capital of several belongs to the word behind them, but for the plural (`IDs`) and one alone (`OAuth`).
    let behind = after.chars().take_while(|c| c.is_lowercase()).count();
    !before.is_uppercase() || (letters > 1 && behind > 0 && !(behind == 1 && after.starts_with('s')))
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Create,
    Delete,
    Update,
    Read,
    List,
    Export,
    Import,
    Share,
    Unshare,
    Run,
    Stop,
    Restart,
    Upgrade,
    Approve,
    Deny,
    Request,
    Cancel,
    Use,
    Revoke,
}

const VERBS: &[(Verb, &str)] = &[
    (Verb::Export, "export exported exporting download downloaded unload dump"),
    (Verb::Import, "import imported upload uploaded"),
    (Verb::Unshare, "unshare unshared unpublish unpublished"),
    (Verb::Share, "share shared publish published"),
    (Verb::Approve, "approve approved accept accepted"),
    (Verb::Deny, "reject rejected decline declined disapprove disapproved"),
    (Verb::Cancel, "cancel canceled cancelled abort aborted withdraw withdrawn"),
    (Verb::Revoke, "revoke revoked invalidate invalidated expire expired"),
    (Verb::Use, "encrypt decrypt sign verify hmac rewrap"),
    (Verb::Restart, "restart restarted reboot rebooted failover"),
    (Verb::Upgrade, "upgrade upgraded downgrade patch"),
    (Verb::Run, "run ran execute executed exec invoke invoked trigger triggered launch launched"),
    (Verb::Stop, "stop stopped terminate terminated kill killed suspend suspended"),
    (
        Verb::Delete,
        "delete deleted remove removed destroy destroyed drop dropped purge purged trash trashed unassign unlink archive archived",
    ),
    (
        Verb::Create,
        "create created add added new insert inserted provision provisioned register registered invite invited generate \
         generated issued enroll enrolled assign assigned post put write upsert link deploy start started",
    ),
    (
        Verb::Update,
        "update updated change changed modify modified edit edited set rename renamed enable enabled disable disabled reset \
         move moved rotate rotated transfer transferred restore restored lock locked unlock unlocked tune rotation",
    ),
    (Verb::List, "list listed search searched query queried find lookup browse scan"),
    (
        Verb::Read,
        "read get view viewed show access accessed open opened load loaded fetch describe retrieve check head",
    ),
    (Verb::Request, "request requested"),
];

/// With what it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Noun {
    Token,
    Secret,
    Group,
    Permission,
    User,
    Request,
    Monitor,
    Config,
    Infra,
    Logic,
    Data,
}

const NOUNS: &[(Noun, &str)] = &[
    (Noun::Token, "token tokens apikey pat session sessions jwt"),
    (
        Noun::Secret,
        "secret secrets key keys certificate certificates cert credential credentials kms transit pki ssh kv",
    ),
    (
        Noun::Permission,
        "role roles permission permissions policy policies grant grants acl acls privilege privileges scope ownership owner collaborator visibility",
    ),
    (Noun::Group, "group groups team teams membership"),
    (Noun::User, "user users member members account accounts password email mfa identity"),
    (Noun::Request, "approval approvals ticket"),
    (Noun::Monitor, "alert alerts monitor monitors detection audit log logs logpush stream"),
    (
        Noun::Config,
        "setting settings config configuration integration integrations webhook webhooks hook application app domain sso saml feature plugin mount mounts mfa",
    ),
    (
        Noun::Infra,
        "server servers instance instances cluster clusters node host vm network firewall zone zones dns tunnel runner runners record records waf sys",
    ),
    (
        Noun::Logic,
        "repo repository branch pipeline workflow job jobs function script dashboard notebook worker workers project projects code flow build",
    ),
    (
        Noun::Data,
        "file files document documents page pages object objects dataset database databases collection collections table item items message messages folder comment issue backup bucket data",
    ),
];

/// The category of an operation, what its row says beside it (`failed` for an attempt that failed), and how sure that is.
pub(super) fn category(name: &str) -> (&'static str, &'static str, Sure) {
    let words = words(name);
    let has = |list: &str| words.iter().any(|word| list.split(' ').any(|known| known == word));
    let pair = |first: &str, second: &str| words.windows(2).any(|two| two[0] == first && two[1] == second);
    let failed = if has("failed failure fail denied invalid rejected unsuccessful") { "failed" } else { "" };
    if has("logout logoff signout") || pair("log", "out") || pair("sign", "out") || pair("logged", "out") {
        return ("userLogout", "", Sure::Sure);
    }
    if has("login signin logon loggedin") || pair("log", "in") || pair("sign", "in") || pair("logged", "in") {
        return ("userLogin", failed, Sure::Sure);
    }
    // What was viewed is never what else its name says, and an issue is a thing unless the name ends with it.
    let last = words.last().map_or("", String::as_str);
    let found = VERBS.iter().find(|(_, list)| has(list)).map(|(verb, _)| *verb);
    let verb = match last {
        "viewed" | "read" | "accessed" | "opened" => Some(Verb::Read),
        "issue" if words.len() > 1 => found.or(Some(Verb::Create)),
        _ => found,
    };
    // The key of an API is a token, and says so in two words.
    let noun = match pair("api", "key") || pair("api", "keys") || pair("auth", "key") || pair("auth", "keys") {
        true => Some(Noun::Token),
        false => NOUNS.iter().find(|(_, list)| has(list)).map(|(noun, _)| *noun),
    };
    let is_check = verb.is_none() && has("authz authorize authorization");
    if is_check || pair("auth", "check") {
        return ("authorizationCheck", failed, Sure::Likely);
    }
    // A name of one word: there is no other for signing in.
    if words.len() == 1 && has("authenticate authenticated authentication") {
        return ("userLogin", failed, Sure::Guessed);
    }
    if verb.is_none() && has("authenticate authenticated authentication auth otp 2fa challenge mfa") {
        return ("authenticationCheck", failed, Sure::Likely);
    }
    let asked = matches!(verb, None | Some(Verb::Read)) && has("authorize authorization access permission");
    if asked && !failed.is_empty() {
        return ("authorizationCheck", failed, Sure::Likely);
    }
    let (category, sure) = by_kind(verb, noun);
    (category, failed, sure)
}

fn by_kind(verb: Option<Verb>, noun: Option<Noun>) -> (&'static str, Sure) {
    use Verb as V;
    let Some(verb) = verb else {
        return match noun {
            Some(Noun::Permission) => ("managementPermissions", Sure::Guessed),
            Some(Noun::Group) => ("managementGroups", Sure::Guessed),
            Some(Noun::User) => ("managementUsers", Sure::Guessed),
            _ => ("internal", Sure::Guessed),
        };
    };
    let anyway = match verb {
        V::Export => Some("dataExport"),
        V::Import => Some("dataImport"),
        V::Share => Some("dataShareCreate"),
        V::Unshare => Some("dataShareDisable"),
        V::Approve => Some("requestApprove"),
        V::Deny => Some("requestDisapprove"),
        _ => None,
    };
    if let Some(category) = anyway {
        return (category, Sure::Likely);
    }
    let Some(noun) = noun else {
        let category = match verb {
            V::Create => "metaDataCreate",
            V::Delete | V::Revoke => "metaDataDelete",
            V::Read => "metaDataAccess",
            V::List => "metaDataSearch",
            V::Run => "codeExecution",
            V::Stop | V::Cancel => "cancelCodeExecution",
            V::Restart => "restartInfra",
            V::Upgrade => "upgradeInfra",
            V::Request => "requestCreate",
            V::Use => "secretUse",
            _ => "metaDataUpdate",
        };
        return (category, Sure::Guessed);
    };
    let category = match (noun, verb) {
        (Noun::Token, V::Create | V::Update) => "tokenGeneration",
        (Noun::Token, V::Delete | V::Revoke) => "tokenRevoke",
        (Noun::Token, V::Read | V::List) => "tokenAccess",
        (Noun::Token, _) => "managementTokens",
        (Noun::Secret, V::Create | V::Update) => "secretCreate",
        (Noun::Secret, V::Delete | V::Revoke) => "secretDeprecate",
        (Noun::Secret, V::Read) => "secretLoad",
        (Noun::Secret, V::List) => "metaDataSearch",
        (Noun::Secret, _) => "secretUse",
        (Noun::Request, V::Create | V::Request) => "requestCreate",
        (Noun::Request, V::Cancel | V::Delete) => "requestCancel",
        (Noun::Request, V::Read) => "requestAccess",
        (Noun::Request, V::List) => "requestSearch",
        (Noun::Request, _) => "requestUpdate",
        (_, V::Request) => "requestCreate",
        (Noun::Group | Noun::Permission | Noun::User, V::Read) => "metaDataAccess",
        (Noun::Group | Noun::Permission | Noun::User, V::List) => "metaDataSearch",
        (Noun::Group, _) => "managementGroups",
        (Noun::Permission, _) => "managementPermissions",
        (Noun::User, _) => "managementUsers",
        (Noun::Monitor, V::Create) => "monitorCreate",
        (Noun::Monitor, V::Delete) => "monitorDelete",
        (Noun::Monitor, V::Read) => "monitorAccess",
        (Noun::Monitor, V::List) => "monitorSearch",
        (Noun::Monitor, V::Run) => "monitorRun",
        (Noun::Monitor, _) => "monitorUpdate",
        (Noun::Config, V::Create) => "appConfigCreate",
        (Noun::Config, V::Delete | V::Revoke) => "appConfigDelete",
        (Noun::Config, V::Read) => "appConfigAccess",
        (Noun::Config, V::List) => "appConfigSearch",
        (Noun::Config, _) => "appConfigUpdate",
        (Noun::Infra, V::Create) => "createInfra",
        (Noun::Infra, V::Restart) => "restartInfra",
        (Noun::Infra, V::Upgrade) => "upgradeInfra",
        (Noun::Infra, V::Read) => "metaDataAccess",
        (Noun::Infra, V::List) => "metaDataSearch",
        (Noun::Infra, V::Stop) => "containerStop",
        (Noun::Infra, _) => "configureInfra",
        (_, V::Run) => "codeExecution",
        (_, V::Stop | V::Cancel) => "cancelCodeExecution",
        (Noun::Logic, V::Create) => "logicCreate",
        (Noun::Logic, V::Delete) => "logicDelete",
        (Noun::Logic, V::Read) => "logicAccess",
        (Noun::Logic, V::List) => "logicSearch",
        (Noun::Logic, _) => "logicUpdate",
        (Noun::Data, V::Create) => "dataCreate",
        (Noun::Data, V::Delete) => "dataDelete",
        (Noun::Data, V::Read) => "dataLoad",
        (Noun::Data, V::List) => "dataSearch",
        (Noun::Data, _) => "dataTransform",
    };
    (category, Sure::Likely)
}

/// The category of an operation as [`category`] finds it, or where that finds none, that of the first pattern that fits.
pub(super) fn category_or_pattern(name: &str) -> (&'static str, &'static str, Sure) {
    let found = category(name);
    let key = name.to_lowercase();
    let fits = |pattern: &str| matches(&pattern.split('*').map(str::to_owned).collect::<Vec<_>>(), &key);
    match PATTERNS.iter().find(|(pattern, ..)| found.0 == "internal" && fits(pattern)) {
        Some((_, category, detail)) => (category, detail, Sure::Guessed),
        None => found,
    }
}

/// Rows for operations that no sample shows, from the telling to the general.
pub(super) const PATTERNS: &[(&str, &str, &str)] = &[
    ("*login*fail*", "userLogin", "failed"),
    ("*fail*login*", "userLogin", "failed"),
    ("*login*", "userLogin", ""),
    ("*logout*", "userLogout", ""),
    ("*export*", "dataExport", ""),
    ("*download*", "dataExport", ""),
    ("*import*", "dataImport", ""),
    ("*upload*", "dataImport", ""),
    ("*permission*", "managementPermissions", ""),
    ("*role*", "managementPermissions", ""),
    ("*group*", "managementGroups", ""),
    ("*user*", "managementUsers", ""),
    ("*member*", "managementUsers", ""),
    ("*delete*", "metaDataDelete", ""),
    ("*remove*", "metaDataDelete", ""),
    ("*create*", "metaDataCreate", ""),
    ("*add*", "metaDataCreate", ""),
    ("*update*", "metaDataUpdate", ""),
    ("*change*", "metaDataUpdate", ""),
    ("*list*", "metaDataSearch", ""),
    ("*search*", "metaDataSearch", ""),
    ("*view*", "metaDataAccess", ""),
    ("*read*", "metaDataAccess", ""),
    ("*get*", "metaDataAccess", ""),
];
