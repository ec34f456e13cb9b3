//! How a union of the catalogue is written: `{"type":"rid","rid":"ri.a.b.c.d"}`.

/// Implements serde for an enum whose variants hold one value each.
macro_rules! serde_of_union {
    ($union:ident { $($variant:ident = $name:literal,)+ }) => {
        impl serde::Serialize for $union {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(Some(2))?;
                match self {
                    $($union::$variant(value) => {
                        map.serialize_entry("type", $name)?;
                        map.serialize_entry($name, value)?;
                    })+
                }
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $union {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $union;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a union ", stringify!($union)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$union, A::Error> {
                        use serde::de::Error as _;
                        let mut named: Option<String> = None;
                        let mut held: Option<(&'static str, $union)> = None;
                        while let Some(key) = map.next_key::<String>()? {
                            match key.as_str() {
                                "type" => named = Some(map.next_value()?),
                                $($name => held = Some(($name, $union::$variant(map.next_value()?))),)+
                                other => return Err(A::Error::unknown_field(other, &["type", $($name),+])),
                            }
                        }
                        match (named, held) {
                            (Some(named), Some((name, value))) if named == name => Ok(value),
                            (Some(_), _) => Err(A::Error::custom("the member that type names is absent")),
                            (None, _) => Err(A::Error::missing_field("type")),
                        }
                    }
                }

                deserializer.deserialize_map(Visitor)
            }
        }
    };
}

pub(super) use serde_of_union;
