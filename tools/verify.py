#!/usr/bin/env python3
"""A second opinion on Indelible's proof bundles and receipts, written from docs/formats alone.
    verify.py BUNDLE [--key KEY|FILE]... [--policy FILE] [--since FILE] [--receipts FILE] [--strict]
    verify.py --batch       reads a JSON list of such arguments from each line of standard input, answers each with a line
Needs Python 3.11 and the package `cryptography`; does not read Parquet. Exit codes: 0 verified, 1 not, 2 could not tell.
Codes of findings and the order of the checks are those of docs/formats/bundle.md."""
import argparse, base64, contextlib, functools, hashlib, itertools, json, os, re, struct, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
class Wrong(Exception):
    """What is wrong: the code of the finding, a text, the entry it names. UNSURE: something could not be looked at."""
    code, text, seq = property(lambda self: self.args[0]), property(lambda self: self.args[1]), property(lambda self: self.args[2])

UNSURE = ""
def need(condition, code, message, seq=None):
    if not condition: raise Wrong(code, message, seq)
@contextlib.contextmanager
def about(seq, code):
    """Whatever is wrong within is wrong with the entry `seq`; `code` is for what cannot even be read."""
    try: yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Wrong(code, str(error), seq)
    except Wrong as wrong:
        raise Wrong(code if wrong.code is None else wrong.code, wrong.text, seq)

def match(pattern, text, code, what):
    found = re.fullmatch(pattern, text, re.ASCII)
    need(found, code, f"{what} is not in its form")
    return found.groups()
NUM, SIGNED, HEX = "(0|[1-9][0-9]{0,19})", "(0|-?[1-9][0-9]{0,19})", "([0-9a-f]{64})"
HASH = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="  # 32 bytes in base64, in the one form they have
LIST = rf"{NUM}\n((?:{HASH}\n)*)"  # how many hashes, then each on a line
NAME = r"([^\s+\x00-\x1f\x7f-\x9f]{1,512})"
SMALL, LINE, END = 1 << 20, 4 << 20, 1 << 63
def b64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text: raise ValueError("base64 is not in its one form")
    return data
def hashes(count, lines, most=64):
    found = [b64(line) for line in lines.split()]
    need(len(found) == int(count) and len(found) <= most, "badProof", "it has more or fewer hashes than it says")
    return found

# Trees: RFC 6962, and the algorithms of RFC 9162, section 2.1.
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def node(left, right): return sha(b"\1", left, right)
def cover(begin, end):
    """Heights of the fewest complete subtrees over the leaves begin to end - 1, from left to right."""
    while begin < end:
        height = min((end - begin).bit_length(), (begin & -begin).bit_length() or 64) - 1
        yield height
        begin += 1 << height
def root_of(before, leaves, after):
    """The root over subtrees (height, root), leaves and subtrees again, from leaf 0 on without a gap."""
    tree = []
    for height, root in itertools.chain(before, ((0, leaf) for leaf in leaves), after):
        while tree and tree[-1][0] == height:
            height, root = height + 1, node(tree.pop()[1], root)
        tree.append((height, root))
    return functools.reduce(lambda right, left: node(left, right), [root for _, root in reversed(tree)])
def climb(start, index, last, path):
    """The roots to which a path leads from a node of a row: by its left side alone, and as a whole."""
    old = new = start
    for beside in path:
        if last == 0: return None, None
        if index & 1 or index == last:
            old, new = node(beside, old), node(beside, new)
            while index and not index & 1: index, last = index >> 1, last >> 1
        else:
            new = node(new, beside)
        index, last = index >> 1, last >> 1
    return (old, new) if last == 0 else (None, None)
def extends(old, new, path, old_root, new_root):
    if old == 0 or old == new:
        return not path and old_root == (new_root if old else sha()) and (new > 0 or new_root == sha())
    path, low = path if old & (old - 1) else [old_root, *path], (old & -old).bit_length() - 1
    return path and climb(path[0], (old - 1) >> low, (new - 1) >> low, path[1:]) == (old_root, new_root)

# Notes, keys, policies: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy.
class Key:
    """A public key under a name; kind 1 signs notes, kind 4 cosigns checkpoints."""
    def __init__(self, name, public, kind=1):
        self.name, self.public, self.kind, self.id = name, public, kind, sha(name.encode(), b"\n", bytes([kind]), public)[:4]
    @staticmethod
    def parse(text, kinds=(1,)):
        name, id, data = re.fullmatch(rf"{NAME}\+([0-9a-f]{{8}})\+(\S+)", text).groups()
        key = Key(name, b64(data)[1:], b64(data)[0])
        good = key.kind in kinds and (len(key.public) == 32 or key.kind == 6) and key.id.hex() == id
        if not good: raise ValueError(f"{text} is no verifier key")
        return key
    def signed(self, text, signature):
        message = text.encode()
        if self.kind == 4:
            time, signature = int.from_bytes(signature[:8]), signature[8:]
            message = f"cosignature/v1\ntime {time}\n".encode() + message
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            return self.kind == 1 or time < END
        except (InvalidSignature, ValueError):
            return False

class Note:
    """A text and its signatures. A signature that names a known key and is not its own refuses the note."""
    def __init__(self, note, code):
        form = r"((?s:.+)\n)\n((?:\u2014 \S+ [A-Za-z0-9+/=]{1,8100}\n){1,64})"
        need(len(note) <= SMALL and not re.search("[\0-\x09\x0b-\x1f\ud800-\udfff]", note), code, "it is no note")
        self.text, lines = match(form, note, code, "a note")
        with about(None, code):
            lines = [re.fullmatch(f"\u2014 {NAME} (.*)", line).groups() for line in lines.splitlines()]
            self.signatures = [(name, b64(data)[:4], b64(data)[4:]) for name, data in lines]
            need(all(signature for _, _, signature in self.signatures), code, "a signature is empty")
    def signers(self, keys, code="badSignature"):
        found = []
        for name, id, signature in self.signatures:
            for key in (key for key in keys if (key.name, key.id) == (name, id)):
                need(key.signed(self.text, signature), code, f"the signature of {name} does not verify")
                found.append(key)
        return found
    def checkpoint(self, keys, code):
        """Origin, size and root, signed by one of the keys under the origin as name."""
        signers = [key.name for key in self.signers(keys, code)]
        origin, size, root = match(rf"([^\n]+)\n{NUM}\n({HASH})\n(?:[^\n]+\n)*", self.text, code, "a checkpoint")
        need(origin in signers, code, "it is not signed by the key of its origin")
        return origin, int(size), b64(root)
def notes(file, code):
    """The notes that stand one after another in a file, as it is read."""
    note, signed = "", False
    for line in itertools.chain(file, [""]):
        if note and (not line or signed and not line.startswith("\u2014 ")):
            yield Note(note, code)
            note, signed = "", False
        signed, note = signed or line.startswith("\u2014 ") and note.endswith("\n\n"), note + line
class Policy:
    def __init__(self, data):
        self.logs, self.witnesses, self.rules, self.quorum, counted = [], {}, {}, [], set()
        for line in data.decode("utf-8", "surrogateescape").split("\n"):
            match [word for word in re.split("[ \t]+", line) if word and not line.strip().startswith("#")]:
                case []: pass
                case ["log", key] | ["log", key, _]: self.logs.append(Key.parse(key))
                case ["witness", name, key] | ["witness", name, key, _] if name not in (*self.rules, "none"):
                    self.witnesses[name], self.rules[name] = Key.parse(key, (4, 6)), None
                case ["group", name, count, *members] if name not in (*self.rules, "none"):
                    count = {"all": len(members), "any": 1}[count] if count in ("all", "any") else int(count)
                    good = 1 <= count <= len(members) == len(set(members) & set(self.rules) - counted)
                    if not good: raise ValueError("a group of the policy is none")
                    self.rules[name], counted = (count, members), counted | set(members)
                case ["quorum", name] if name in (*self.rules, "none"): self.quorum.append(name)
                case _: raise ValueError(f"a line of the policy is none: {line}")
        repeats = [len(keys) - len({key.public for key in keys}) for keys in (self.logs, self.witnesses.values())]
        good = len(self.quorum) == 1 and not any(repeats) and data.endswith(b"\n")
        if not good: raise ValueError("the policy has not one quorum, or a key twice, or no end")
    def check(self, note, key):
        note.checkpoint(self.logs or [key], "otherKey")
        signed, met = note.signers([key for key in self.witnesses.values() if key.kind == 4]), {"none": True}
        for name, rule in self.rules.items():
            met[name] = sum(met[of] for of in rule[1]) >= rule[0] if rule else self.witnesses[name] in signed
        need(met[self.quorum[0]], "noQuorum", "the witnesses that the policy asks for have not signed")

# Rows, entries, filters.
DIGESTS = ("salt", "infrastructureHash", "contentHash")
CELLS = ("seq", "receivedAt", "infrastructure", "content", *DIGESTS, "leaf", "boundary")
TYPES = {"seq": int, "receivedAt": int, "boundary": bool}
KINDS = {CELLS[:5]: "full", (*CELLS[:3], "contentHash"): "stub", ("seq", "leaf"): "leaf",
         ("seq", "receivedAt", "infrastructureHash", "contentHash", "boundary"): "boundary"}
TEXT, DIGEST = '("(?:[^"]|"")+"|)', f"({HEX[1:-1]}|)"
CSV = ",".join([NUM, f"({SIGNED[1:-1]}|)", TEXT, TEXT, DIGEST, DIGEST, DIGEST, f"({HASH}|)", "(true|)"])
def read_json(line):
    row = json.loads(line)
    need(json.dumps(row, ensure_ascii=False, separators=(",", ":")) == line, None, "it is not written as rows are")
    return row
def read_csv(line):
    text = lambda cell: cell[1:-1].replace('""', '"') if cell.startswith('"') else cell
    return {name: TYPES.get(name, text)(cell) for name, cell in zip(CELLS, match(CSV, line, None, "a row")) if cell}
def kind_of(row):
    """The kind of a row whose members are of their types."""
    for name, value in row.items():
        good = type(value) is TYPES.get(name, str) and value is not False
        good = good and (type(value) is not int or (0 if name == "seq" else -END) <= value < END)
        good = good and re.fullmatch({"leaf": HASH}.get(name, HEX if name in DIGESTS else "(?s:.*)"), str(value))
        need(good, None, f"its {name} is none")
    return KINDS[tuple(row)]
def leaf_of(organization, row):
    if "leaf" in row: return b64(row["leaf"])
    def part(name, *salt):
        hash = row.get(name + "Hash")
        return bytes.fromhex(hash) if hash else sha(f"indelible/{name}/v1\0".encode(), *salt, row[name].encode())
    rid, place = organization.encode(), struct.pack(">Qq", row["seq"], row["receivedAt"])
    return sha(b"\0indelible/entry/v1\0", struct.pack(">H", len(rid)), rid, place, part("infrastructure"),
               part("content", bytes.fromhex(row.get("salt", ""))))
FIELDS = set("category environment eventId host logEntryId name orgId origin producerType product productVersion result "
             "sequenceId service sid sourceOrigin stack time tokenId traceId type uid userAgent".split())
TERM = r'(-?)([A-Za-z]+):"((?:[^"\\]|\\["\\])*)"'
def read_filter(text):
    match(f"{TERM}(?: {TERM})*", text, "badBundle", "the filter")
    terms = [(sign, field, re.sub(r"\\(.)", r"\1", value).encode().lower()) for sign, field, value in re.findall(TERM, text)]
    need(len(terms) <= 500 and {term[1] for term in terms} <= FIELDS, "badBundle", "the filter asks for what it cannot")
    return terms
def holds(terms, infrastructure):
    tag, members = json.loads(infrastructure, object_pairs_hook=lambda pairs: (dict, pairs), parse_constant=int)
    names, found = [name for name, _ in members], {}
    need(tag is dict and names == sorted(set(names)), None, "its members are not sorted")
    for name, value in members:
        if name == "categories" or name in FIELDS - {"category"}:
            values = value if name == "categories" else [value]
            need(type(values) is list and all(type(value) is str for value in values), None, f"its {name} is none")
            found["category" if name == "categories" else name] = {value.encode().lower() for value in values}
    return dict(members).get("type") != "indelible.1" and all((v in found.get(f, ())) != bool(s) for s, f, v in terms)

# Bundles.
STATEMENT = (rf"indelible/bundle/v1\norganization ([^\n]+)\norigin ((\S+)/([0-9a-f]{{32}})/([1-9][0-9]*))\nkey ([^\n]+)\nmade {NUM}\n"
             rf"size {NUM}\nroot ({HASH})\nentries {NUM}-{NUM}\n(?:received {NUM}-{NUM}\n)?(?:filter ([^\0-\x1f\x7f-\x9f]+)\n"
             rf"predicate (complete|trusted)\n)?matches {NUM}\n(?:redacted ([1-9][0-9]{{0,19}})\n)?rows (jsonl|csv|parquet)\n((?:file [^ \n]+ {NUM} {HEX}\n)*)")
RID = r"ri\.[a-z][a-z0-9-]*\.(?:[a-z0-9][a-z0-9-]*)?\.[a-z][a-z0-9-]*\.[A-Za-z0-9._-]+"
RANGE = rf"indelible/range-proof/v1\nsize {NUM}\nrange {NUM} {NUM}\nleft {LIST}right {LIST}"
SINCE = rf"origin {NAME}\nold {NUM}\nnew {NUM}\npath {LIST}"
MAP = rf"indelible/map-proof/v1\nepoch {NUM}\ntime {SIGNED}\nlabel ([0-9a-f]{{32}})\ngeneration {NUM}\nsalt {HEX}\npath {LIST}"
TLOG = rf"c2sp\.org/tlog-proof@v1\n(?:extra [A-Za-z0-9+/=]*\n)?index {NUM}\n((?:{HASH}\n)*)"
RECEIPT = rf"([^ \n]+) {NUM} ({HASH})\n"
FILES = "checkpoint genesis genesis.proof leaves map.proof platform.tlog-proof policy.txt range.proof".split()
class Bundle:
    def __init__(self, path, keys, policy, since):
        self.path, self.keys, self.policy, self.kept, self.held = path, keys, policy, since, keys + (policy.logs if policy else [])
        for step in (self.statement, self.folder, self.epoch, self.genesis, self.rows, self.since): step()
    def open(self, name): return open(os.path.join(self.path, name), "rb")
    def text(self, name):
        with self.open(name) as file: return file.read(SMALL + 1).decode(errors="surrogateescape")
    def statement(self):
        need(os.path.isfile(os.path.join(self.path, "bundle")), "missingObject", "bundle is missing")
        note = Note(self.text("bundle"), "badBundle")
        (self.organization, self.origin, self.platform, self.label, generation, key, made, size, root, first, last, start, end,
         filter, self.predicate, matches, redacted, self.format, files, *_) = match(STATEMENT, note.text, "badBundle", "the statement")
        with about(None, "badBundle"):
            self.key, self.root, self.generation = Key.parse(key), b64(root), int(generation)
        self.size, self.first, self.last, self.matches = int(size), int(first), int(last), int(matches)
        self.redacted = int(redacted or 0)
        self.window, entries = (int(start), int(end)) if start else None, self.last - self.first + 1
        self.terms = read_filter(filter) if self.predicate == "complete" else None
        self.files = {name: (int(bytes), sha256) for name, bytes, sha256 in re.findall(rf"file ([^ \n]+) {NUM} {HEX}\n", files)}
        names = [*FILES, "rows." + self.format, "since.proof"]
        need(self.key.name == self.origin and self.generation < 1 << 32 and len(self.organization) <= 256
             and re.fullmatch(RID, self.organization) and int(made) < END and self.first <= self.last < self.size <= 1 << 53
             and (not start or int(start) < int(end) < END) and len((filter or "").encode()) <= 40 << 10
             and files.count("\n") == len(self.files) and list(self.files) in (names, names[:-1])
             and self.matches + self.redacted <= entries and self.files["leaves"][0] == 32 * entries, "badBundle", "it contradicts itself")
        need(len(note.signatures) == 1 and note.signers([self.key]), "badSignature", "it is not signed by its log alone")
        for keys in (self.keys, self.policy.logs if self.policy else []):
            need(not keys or self.key.public in [key.public for key in keys], "otherKey", f"it is signed with {key}")
    def folder(self):
        found = {entry.name: entry.is_file(follow_symlinks=False) for entry in os.scandir(self.path)}
        for name in self.files:
            need(found.pop(name, False), "missingObject", f"{name} is missing")
        need(found.keys() == {"bundle"}, "unnamedObject", f"{sorted(found)} holds what is no part of the bundle")
        self.check(name for name in self.files if name not in ("leaves", "rows." + self.format))
    def check(self, names):
        for name in names:
            with self.open(name) as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                need((file.tell(), sha256) == self.files[name], "changedObject", f"{name} is not what was signed")
    def epoch(self):
        note = Note(self.text("checkpoint"), "badCheckpoint")
        text = f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"
        need(note.text == text, "badCheckpoint", "the checkpoint is not that of the statement")
        note.checkpoint([self.key], "badSignature")
        epoch, time, label, generation, salt, *path = match(MAP, self.text("map.proof"), "badProof", "map.proof")
        head, _, tail = self.text("platform.tlog-proof").partition("\n\n")
        index, beside = match(TLOG, head + "\n", "badProof", "platform.tlog-proof")
        note, path, beside = Note(tail, "badProof"), hashes(*path, 128), hashes(beside.count("\n"), beside)
        origin, epoch = note.text.partition("\n")[0], int(epoch)
        need((label, int(generation), int(index)) == (self.label, self.generation, epoch) and origin.startswith(self.platform)
             and re.fullmatch("/platform/[1-9][0-9]{0,9}", origin[len(self.platform):]), "badProof", "the epoch is another")
        key = Key(origin, self.key.public)
        self.log = note.checkpoint([key], "badSignature")
        value = sha(b"indelible/map-value/v1\0", bytes.fromhex(salt), struct.pack(">IQ", self.generation, self.size), self.root)
        root = sha(b"\0", bytes.fromhex(label), value)
        for depth, hash in zip(range(len(path) - 1, -1, -1), path):
            root = node(hash, root) if int(label, 16) >> (127 - depth) & 1 else node(root, hash)
        leaf = sha(b"\0indelible/epoch/v1\0", struct.pack(">Qq", epoch, int(time)), root)
        need(epoch < self.log[1] and climb(leaf, epoch, self.log[1] - 1, beside)[1] == self.log[2], "otherEpoch",
             "the epoch does not bind the size and root of this log")
        if self.policy: self.policy.check(note, key)
    def genesis(self):
        before, after = self.range("genesis.proof", 0, 1)
        with about(0, "badGenesis"):
            row = read_json(match("(.*)\n", self.text("genesis"), None, "a row")[0])
            need(kind_of(row) == "full" and row["seq"] == 0, None, "it is not entry 0, shown whole")
            need(root_of(before, [leaf_of(self.organization, row)], after) == self.root, None, "it is not the first of this log")
            entry, says = json.loads(row["infrastructure"]), json.loads(row["content"])["extra"]["genesis"]
            found = (entry["type"], entry["name"], says["formatVersion"], says["origin"], says["label"], says["generation"])
            need(found == ("indelible.1", "GENESIS", 1, self.origin, self.label, self.generation), None, "it is of another log")
            need(not self.held or says["keyId"] in [key.id.hex() for key in self.known(self.origin)], "otherKey", "it names another key")
    def known(self, name): return [Key(name, key.public) for key in (self.key, *self.held)]
    def range(self, name, first, end):
        size, begin, stop, *sides = match(RANGE, self.text(name), "badProof", name)
        before, after, heights = hashes(*sides[:2]), hashes(*sides[2:]), [*map(list, (cover(0, first), cover(end, self.size)))]
        found = (int(size), int(begin), int(stop), len(before), len(after))
        need(found == (self.size, first, end, *map(len, heights)), "badProof", f"{name} is about other entries")
        return zip(heights[0], before), zip(heights[1], after)
    def rows(self):
        before, after = self.range("range.proof", self.first, self.last + 1)
        self.shown, self.withheld, name = 0, 0, "rows." + self.format
        need(self.format != "parquet", UNSURE, "this verifier does not read rows in Parquet")
        with self.open(name) as rows, self.open("leaves") as leaves:
            root = root_of(before, self.leaves(rows, leaves), after)
        need(root == self.root, "otherRoot", "rows and leaves do not lead to the root", self.first)
        self.check(["leaves", name])
        need(self.shown == self.matches, "otherFacts", f"{self.shown} rows are shown whole, and it says {self.matches}")
        need(self.withheld == self.redacted, "otherFacts", f"{self.withheld} rows are redacted, and it says {self.redacted}")
    def leaves(self, rows, leaves):
        seq, time, read = self.first, -END, {"jsonl": read_json, "csv": read_csv}[self.format]
        header = self.format == "jsonl" or rows.readline(LINE) == (",".join(CELLS) + "\n").encode()
        need(header, "badRow", "the header is not that of rows", seq)
        while line := rows.readline(LINE):
            with about(seq, "badRow"):
                need(line.endswith(b"\n"), None, "it has no end, or is longer than a row can be")
                leaf, time = self.row(read(line[:-1].decode()), seq, time, leaves)
            seq += 1
            yield leaf
        need(seq > self.last, "badRow", "the rows end before it", seq)
        need(not leaves.read(1), "changedObject", "leaves goes on behind the last entry")
    def row(self, row, seq, time, leaves):
        """Checks the row that belongs at `seq`; returns its leaf, and when it was received."""
        kind, edge, first, last = kind_of(row), seq in (self.first, self.last), seq == self.first, seq == self.last
        may_be = {"full": True, "stub": self.terms or self.redacted, "leaf": self.predicate == "trusted", "boundary": self.window and edge}
        need(seq <= self.last and row["seq"] == seq and may_be[kind], None, f"there is a {kind} row of entry {row['seq']}")
        leaf, stored, received = leaf_of(self.organization, row), leaves.read(32), row.get("receivedAt", time)
        need(leaf == stored, "otherEntry" if len(stored) == 32 else "changedObject", "row and leaf do not belong together")
        need(received >= time, None, "receivedAt goes back")
        if self.window:
            start, end = self.window
            before, after = kind == "boundary" and received < start, kind == "boundary" and received >= end
            inside = kind != "boundary" and (kind == "leaf" or start <= received < end)
            need((inside or before and first or after and last) and (before or not first or seq == 0)
                 and (after or not last or seq == self.size - 1), "outsideWindow", "the rows do not cover the window")
        meets = not self.terms or kind in ("full", "stub") and holds(self.terms, row["infrastructure"])
        withheld = kind == "stub" and meets
        wrong = self.terms and kind in ("full", "stub") and meets != (kind == "full") and not (withheld and self.redacted)
        need(not wrong, "otherMatch" if kind == "full" else "missingMatch", "the filter says otherwise")
        self.shown, self.withheld = self.shown + (kind == "full"), self.withheld + withheld
        return leaf, received
    def since(self):
        proofs, compared, head = {}, 0, "indelible/consistency-proofs/v1\n"
        text = self.text("since.proof") if "since.proof" in self.files else head
        match(rf"{head}(?:{SINCE}){{0,64}}", text, "badProof", "since.proof")
        for origin, old, new, *path in re.findall(SINCE, text):
            proofs.setdefault((origin, int(old), int(new)), hashes(*path))
        for note in self.kept:
            logs, origin = [(self.origin, self.size, self.root), self.log], note.text.partition("\n")[0]
            for _, now, root in (log for log in logs if log[0] == origin):
                _, old, old_root = note.checkpoint(self.known(origin), "badCheckpoint")
                compared, mine = compared + 1, origin == self.origin
                need(old <= now, "cutTail", "a checkpoint kept is of a larger log", now if mine else None)
                path = proofs.get((origin, old, now), [] if old in (0, now) else None)
                need(path is not None, UNSURE, "it does not prove that it extends a checkpoint kept; make it again with --since")
                need(extends(old, now, path, old_root, root), "otherHistory", "it was rewritten", 0 if mine and old else None)
        need(compared or not self.kept, UNSURE, "none of the checkpoints kept is of these logs")
    def receipts(self, file):
        """Holds receipts against the bundle; all of them must be for entries that it holds."""
        key, read, elsewhere = Key(self.platform + "/receipts", self.key.public), 0, 0
        form = rf"indelible/receipt/v1\nreceived {SIGNED}\n(?:{RECEIPT}){{1,4000}}"
        for note in notes(file, "badReceipt"):
            need(note.signers([key], "badReceipt"), "badReceipt", "a note is not signed as receipts are")
            match(form, note.text, "badReceipt", "a receipt")
            for origin, seq, leaf in re.findall(RECEIPT, note.text.split("\n", 2)[2]):
                read, here = read + 1, origin == self.origin and self.first <= int(seq) <= self.last
                elsewhere += not here
                with self.open("leaves") as leaves:
                    leaves.seek(32 * (int(seq) - self.first) if here else 0)
                    need(not here or leaves.read(32) == b64(leaf), "brokenReceipt", f"entry {seq} is another", int(seq))
        need(read and not elsewhere, UNSURE, f"{elsewhere} of {read} receipts are for entries that are not here")

def verdict(arguments):
    """The answer to one command line: exit code, code and entry of the finding, what to say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", metavar="BUNDLE")
    parser.add_argument("--key", action="append", default=[], metavar="KEY|FILE")
    parser.add_argument("--strict", action="store_true")
    for option in ("--policy", "--since", "--receipts"): parser.add_argument(option, metavar="FILE")
    options, read = parser.parse_args(arguments), lambda path: open(path, encoding="utf-8", newline="\n")
    try:
        keys = [line.strip() for key in options.key for line in (read(key) if os.path.exists(key) else [key])]
        keys = [Key.parse(line) for line in keys if line and not line.startswith("#")]
        policy = Policy(open(options.policy, "rb").read()) if options.policy else None
        bundle = Bundle(options.path, keys, policy, list(notes(read(options.since), "badCheckpoint")) if options.since else [])
        if options.receipts: bundle.receipts(read(options.receipts))
        trusted = "; that nothing else matches is the word of whoever signed" if bundle.predicate == "trusted" else ""
        held = "verified, signed as you asked" if keys or policy else "internally consistent; not checked against a key you hold"
        exit = 0 if not options.strict or not trusted and (keys or policy) else 2
        redacted = f"; redacted {bundle.redacted} entries, by the word of whoever signed" if bundle.redacted else ""
        message = f"entries {bundle.first} to {bundle.last} of {bundle.size}, {bundle.shown} shown whole: {held}{trusted}{redacted}"
        return {"exit": exit, "code": None, "seq": None, "message": message}
    except Wrong as wrong:
        return {"exit": 1 if wrong.code else 2, "code": wrong.code or None, "seq": wrong.seq, "message": wrong.text}
    except (OSError, ValueError, AttributeError) as error:
        return {"exit": 2, "code": None, "seq": None, "message": f"could not tell: {error}"}

if __name__ == "__main__":
    for arguments in map(json.loads, sys.stdin) if sys.argv[1:] == ["--batch"] else [sys.argv[1:]]:
        print(json.dumps(answer := verdict(arguments)), flush=True)
    sys.exit(answer["exit"])
