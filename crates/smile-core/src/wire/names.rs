//! The stable names of enums.

/// Gives an enum a stable name for each variant, and serialises it as that.
macro_rules! stable_names {
    ($type:ident: $($pattern:pat => $name:expr,)+) => {
        impl $type {
            /// The stable name, in snake case: for logs, metrics and databases. No value is in it.
            pub fn name(&self) -> &'static str {
                match self { $($pattern => $name,)+ }
            }
        }

        /// Serialises the stable name, and nothing of the contents.
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}

pub(crate) use stable_names;
