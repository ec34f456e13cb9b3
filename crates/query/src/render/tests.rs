#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, StructArray, TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, Field, Int64Type};
use expect_test::{Expect, expect};

use super::*;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap()
}

#[track_caller]
fn check(format: Format, columns: Vec<(&str, ArrayRef)>, expected: Expect) {
    let batch = batch(columns);
    let mut out = Vec::new();
    let mut renderer = Renderer::rows(format);
    renderer.begin(&batch.schema(), &mut out);
    renderer.batch(&batch, &mut out).unwrap();
    renderer.end(&mut out);
    expected.assert_eq(&String::from_utf8(out).unwrap().replace("\r\n", "\n").replace('\r', "<CR>"));
}

fn all_types() -> Vec<(&'static str, ArrayRef)> {
    let inner: ArrayRef = Arc::new(StringArray::from(vec!["p", "q"]));
    let members = StructArray::from(vec![(Arc::new(Field::new("producer", DataType::Utf8, true)), inner)]);
    vec![
        ("text", Arc::new(StringArray::from(vec![Some("a \"b\", c"), None]))),
        ("whole", Arc::new(Int64Array::from(vec![Some(-7), None]))),
        ("float", Arc::new(Float64Array::from(vec![Some(0.5), Some(f64::NAN)]))),
        ("yes", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("time", Arc::new(TimestampNanosecondArray::from(vec![Some(1_618_574_400_000_000_120), Some(-1)]))),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1), None]), None]))),
        ("struct", Arc::new(members)),
    ]
}

#[test]
fn json_keeps_types() {
    check(
        Format::Json,
        all_types(),
        expect![[r#"
        {"text":"a \"b\", c","whole":-7,"float":0.5,"yes":true,"time":"2021-04-16T12:00:00.00000012Z","list":[1,null],"struct":{"producer":"p"}}
        {"text":null,"whole":null,"float":null,"yes":null,"time":"1969-12-31T23:59:59.999999999Z","list":null,"struct":{"producer":"q"}}
    "#]],
    );
}

#[test]
fn csv_quotes_what_must_be() {
    check(
        Format::Csv,
        all_types(),
        expect![[r#"
        text,whole,float,yes,time,list,struct
        "a ""b"", c",-7,0.5,true,2021-04-16T12:00:00.00000012Z,"[1,null]","{""producer"":""p""}"
        ,,NaN,,1969-12-31T23:59:59.999999999Z,,"{""producer"":""q""}"
    "#]],
    );
}

#[test]
fn csv_text_never_starts_a_formula() {
    let hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=\"a\",1", " =1", "a=1"];
    check(
        Format::Csv,
        vec![("text", Arc::new(StringArray::from(hostile.to_vec())))],
        expect![[r#"
        text
        '=1+1
        '+1
        '-1
        '@SUM(A1)
        '	=1
        "'<CR>=1"
        "'=""a"",1"
         =1
        a=1
    "#]],
    );
}

#[test]
fn tables_are_aligned_and_obey_nothing() {
    let long = "x".repeat(100);
    let text = ["plain", "\u{1b}[31mred\u{7}", "two\nlines", "right\u{202e}left", &long];
    check(
        Format::Table,
        vec![
            ("text", Arc::new(StringArray::from(text.to_vec()))),
            ("n", Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5]))),
        ],
        expect![[r#"
            text                                                                               n
            ---------------------------------------------------------------------------------  -
            plain                                                                              1
            \u{1b}[31mred\u{7}                                                                 2
            two\nlines                                                                         3
            right\u{202e}left                                                                  4
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…  5
        "#]],
    );
}

#[test]
fn repeated_names_stay_apart_in_json() {
    let one = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    check(
        Format::Json,
        vec![("a", one()), ("a", one()), ("b", one())],
        expect![[r#"
        {"a":1,"a_2":1,"b":1}
    "#]],
    );
}
