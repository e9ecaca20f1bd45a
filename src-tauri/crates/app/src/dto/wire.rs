//! The one macro behind all wire types.

/// Declares wire types: plain data, serialised by serde and exported to TypeScript.
macro_rules! wire {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident $body:tt)*) => {$(
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
        #[ts(export)]
        $(#[$meta])*
        pub $kind $name $body
    )*};
}
