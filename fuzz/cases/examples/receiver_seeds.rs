//! Writes the first files of the corpora of receivers:
//!
//!     cargo run -p indelible-fuzz-cases --example receiver_seeds

#![allow(clippy::unwrap_used)]

use std::path::Path;

fn main() {
    write("otlp", otlp());
    write("syslog", SYSLOG.map(|text| text.as_bytes().to_vec()));
    write("cef", CEF.map(|text| text.as_bytes().to_vec()));
    write("hec", HEC.map(|text| text.as_bytes().to_vec()));
    write("bulk", BULK.map(|text| text.as_bytes().to_vec()));
    write("kubernetes", KUBERNETES.map(|text| text.as_bytes().to_vec()));
}

fn write<const N: usize>(corpus: &str, seeds: [Vec<u8>; N]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(corpus);
    std::fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
    }
}

/// A field of a protobuf message that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

fn text(text: &str) -> Vec<u8> {
    field(1, text.as_bytes())
}

fn pair(key: &str, value: &[u8]) -> Vec<u8> {
    [field(1, key.as_bytes()), field(2, value)].concat()
}

fn otlp() -> [Vec<u8>; 7] {
    let list = |pairs: &[Vec<u8>]| pairs.iter().flat_map(|pair| field(1, pair)).collect::<Vec<u8>>();
    let request =
        |resource: &[u8], record: &[u8]| field(1, &[field(1, resource), field(2, &field(2, record))].concat());
    let resource = list(&[pair("service.name", &text("shop"))]);
    let map = field(
        6,
        &list(&[pair("type", &text("audit.3")), pair("a", &[0x18, 7]), pair("b", &field(5, &field(1, &[0x10, 1])))]),
    );
    let time = [&[9][..], &1_714_979_289_000_000_001u64.to_le_bytes()].concat();
    let attributes = field(6, &pair("user.id", &text("ann")));
    [
        request(&resource, &field(5, &map)),
        request(&resource, &[time, field(5, &text("hello")), attributes, field(9, &[7; 16])].concat()),
        request(b"", &field(5, &text(r#"{"type":"audit.3","name":"A"}"#))),
        request(b"", &field(5, &[0x21, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f])),
        br#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{"timeUnixNano":"1714979289000000001","body":{"stringValue":"x"},"traceId":"0af7651916cd43dd8448eb211c80319c","attributes":[{"key":"a","value":{"intValue":"7"}}]}]}]}]}"#.to_vec(),
        br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[{"key":"type","value":{"stringValue":"audit.3"}},{"key":"l","value":{"arrayValue":{"values":[{"boolValue":true},{"doubleValue":"NaN"}]}}}]}}}]}]}]}"#.to_vec(),
        [&[0, 0, 0, 0, 2][..], b"\x0a\x00"].concat(),
    ]
}

const SYSLOG: [&str; 8] = [
    "<165>1 2003-10-11T22:14:15.003Z h evntslog 17 ID47 [a@32473 iut=\"3\" s=\"A\\\"b\\]\"][b] \u{feff}An event",
    "<34>Oct 11 22:14:15 h su[7]: 'su root' failed",
    "<189>45: *Mar  1 2024 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured",
    "<13>2024-03-07T09:08:07+01:00 h app: @cee: {\"a\":1}",
    "<13>Mar 7 09:08:07 h CEF:0|V|P|1|100|n|5|src=1.2.3.4 msg=a b",
    "\u{3}<1>a\n<1>b\r\n\n\0\n12 <1>45678901x",
    "\u{2}4 <1>a5 <1>\nb99 <1>cut",
    "\u{5}<1>456789012345678901234567890123456789012345\nnext\n50 <1>456789012345678901234567890123456789012345678<1>",
];

const CEF: [&str; 5] = [
    "CEF:0|Security|threatmanager|1.0|100|worm stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232",
    r"CEF:1|a\|b|c\\d|1.0|100|n = \= x|High|",
    "CEF:0|v|p|1|s|n|5",
    r"CEF:0|v|p|1|s|n|5|msg=two words a\=b\nline request=https://x/?a=1 empty= cs1=/a b cs1Label=Folder act=x act=y",
    r"CEF:0|v|p|1|s|n|5|some words path=C:\temp\ end=x=y",
];

const HEC: [&str; 6] = [
    r#"{"event":"a line","time":1426279439.123,"host":"h","source":"/x","sourcetype":"k","index":"main","fields":{"a":["b",1]}}"#,
    r#"{"event":{"a":{"b":1}},"time":"1426279439"}{"event":"x\ny"}"#,
    r#"[{"event":{"type":"audit.3"}},{"event":"{\"type\":\"audit.3\"}"}] {"event":7}"#,
    "one\r\n\n two \n{\"type\":\"audit.3\"}\n",
    r#"{"acks":[1,3,4]}"#,
    r#"{"event":""}"#,
];

const BULK: [&str; 5] = [
    "{\"create\":{\"_index\":\"audit\",\"_id\":\"a\"}}\n{\"a\":1}\n",
    "{\"index\":{}}\n{\"type\":\"audit.3\"}\n\n{\"delete\":{\"_id\":7}}\n{\"update\":{\"_id\":\"x\"}}\n{}\n",
    "{\"create\":{\"_id\":null}}\r\n[1]\r\n",
    "{\"create\":{}}\n{}",
    "{\"create\":{},\"index\":{}}\n{}\n",
];

const KUBERNETES: [&str; 5] = [
    r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[{"auditID":"a","level":"Metadata"}]}"#,
    r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{},7,{"type":"audit.3"}]}"#,
    r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":null}"#,
    r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1beta1","items":[]}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1"}"#,
];
