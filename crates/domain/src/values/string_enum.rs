//! Enums whose values are plain words.

/// Gives an enum of plain words its text form, both ways, from one list.
macro_rules! string_enum {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $name {
            /// Every value, in declared order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word that clients and the storage see.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            /// Reads the word; the error lists what was expected.
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(concat!("must be one of:" $(, " ", $word)*).to_owned()),
                }
            }
        }
    };
}
pub(crate) use string_enum;
