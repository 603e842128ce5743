//! `settings!` and `setting_enum!`.

/// Declares a block of settings: struct, `Default`, table and reader from one text.
///
/// ```
/// use sidelight_config::{ByteSize, Check, Endpoint, Secret, settings};
/// use std::{collections::BTreeMap, time::Duration};
///
/// settings! {
///     /// Limits of the heart.
///     pub struct Limits {
///         /// Beats kept while nobody listens.
///         kept: u32 [1..=100] = 10,
///     }
/// }
///
/// settings! {
///     /// Settings of the `heartbeat` receiver.
///     pub struct Config {
///         /// Time between two beats.
///         interval: Duration [Duration::from_millis(1)..] = Duration::from_secs(5),
///         /// Name of the metric.
///         metric: String = "heartbeat",
///         /// A nested block; `limits: Limits = Limits { kept: 3 }` gives its parts other defaults.
///         limits: Limits,
///         /// Lists, maps, and values that may be absent.
///         targets: Vec<String> = ["a", "b"],
///         /// Labels of every beat.
///         labels: BTreeMap<String, String>,
///         /// Sent with every beat.
///         token: Option<Secret>,
///         /// Where to; must be given.
///         required endpoint: Endpoint,
///     }
///     aliases { period => interval "renamed in 2026" }
///     unsupported {
///         "middlewares" => "there are no middleware extensions; remove it",
///         harmless "read_buffer_size" => "the system's buffers are used; remove it",
///     }
///     validate Config::check;
/// }
///
/// impl Config {
///     fn check(&self, check: &mut Check<'_, '_>) {
///         if self.targets.len() > self.limits.kept as usize {
///             check.conflict("targets", "limits.kept", "are more than `limits.kept`");
///         }
///     }
/// }
/// ```
///
/// A field is `name: Type`, optionally bounds in brackets, optionally `= default` (else the type's
/// `Default`). `required name: Type` must be given; a block with such a field has no `Default`.
/// `flatten name: Block` writes the block's settings at this level; `required flatten` when the block has
/// required settings itself. Every field is public and needs a doc comment: it is its line in the README.
/// The struct derives `Clone`, `Debug` and `PartialEq`.
#[macro_export]
macro_rules! settings {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $Name:ident { $($fields:tt)* }
        $(aliases { $($aliases:tt)* })?
        $(unsupported { $($unsupported:tt)* })?
        $(validate $validate:path;)?
    ) => {
        $crate::__settings_fields! {
            {
                [$($doc)*] [$vis] $Name
                aliases [$($($aliases)*)?]
                unsupported [$($($unsupported)*)?]
                validate [$($validate)?]
            }
            [] [all_have_defaults]
            $($fields)*
        }
    };
}

/// Brings the fields into one form: `{ mode name [doc] (type) [bounds] [default] }`.
#[doc(hidden)]
#[macro_export]
macro_rules! __settings_fields {
    ($head:tt [$($done:tt)*] $default:tt $(,)?) => {
        $crate::__settings_emit! { $head [$($done)*] $default }
    };
    ($head:tt [$($done:tt)*] $default:tt
        $(#[doc = $doc:literal])+ required flatten $name:ident : $ty:ty $(, $($rest:tt)*)?) => {
        $crate::__settings_fields! { $head
            [$($done)* { flatten_required $name [$($doc)+] ($ty) [] [] }]
            [some_required] $($($rest)*)? }
    };
    ($head:tt [$($done:tt)*] $default:tt
        $(#[doc = $doc:literal])+ required $name:ident : $ty:ty $([$bounds:expr])? $(, $($rest:tt)*)?) => {
        $crate::__settings_fields! { $head
            [$($done)* { required $name [$($doc)+] ($ty) [$($bounds)?] [] }]
            [some_required] $($($rest)*)? }
    };
    ($head:tt [$($done:tt)*] $default:tt
        $(#[doc = $doc:literal])+ flatten $name:ident : $ty:ty $(= $value:expr)? $(, $($rest:tt)*)?) => {
        $crate::__settings_fields! { $head
            [$($done)* { flatten $name [$($doc)+] ($ty) [] [$($value)?] }]
            $default $($($rest)*)? }
    };
    ($head:tt [$($done:tt)*] $default:tt
        $(#[doc = $doc:literal])+ $name:ident : String = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__settings_fields! { $head
            [$($done)* { optional $name [$($doc)+] (::std::string::String) []
                [::std::string::String::from($value)] }]
            $default $($($rest)*)? }
    };
    ($head:tt [$($done:tt)*] $default:tt
        $(#[doc = $doc:literal])+ $name:ident : Vec<String> = [$($value:expr),* $(,)?]
        $(, $($rest:tt)*)?) => {
        $crate::__settings_fields! { $head
            [$($done)* { optional $name [$($doc)+] (::std::vec::Vec<::std::string::String>) []
                [::std::vec![$(::std::string::String::from($value)),*]] }]
            $default $($($rest)*)? }
    };
    ($head:tt [$($done:tt)*] $default:tt
        $(#[doc = $doc:literal])+ $name:ident : Vec<$ty:ty> = [$($value:expr),* $(,)?]
        $(, $($rest:tt)*)?) => {
        $crate::__settings_fields! { $head
            [$($done)* { optional $name [$($doc)+] (::std::vec::Vec<$ty>) []
                [::std::vec![$($value),*]] }]
            $default $($($rest)*)? }
    };
    ($head:tt [$($done:tt)*] $default:tt
        $(#[doc = $doc:literal])+ $name:ident : $ty:ty $([$bounds:expr])? $(= $value:expr)?
        $(, $($rest:tt)*)?) => {
        $crate::__settings_fields! { $head
            [$($done)* { optional $name [$($doc)+] ($ty) [$($bounds)?] [$($value)?] }]
            $default $($($rest)*)? }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __settings_emit {
    (
        {
            [$($doc:literal)*] [$vis:vis] $Name:ident
            aliases [$($old:ident => $new:ident $reason:literal),* $(,)?]
            unsupported [$($($harmless:ident)? $unsupported:literal => $advice:literal),* $(,)?]
            validate [$($validate:path)?]
        }
        [$({ $mode:ident $name:ident [$($field_doc:literal)*] ($ty:ty) [$($bounds:expr)?] [$($value:expr)?] })*]
        [$default:ident]
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $Name {
            $($(#[doc = $field_doc])* pub $name: $ty,)*
        }

        $crate::__settings_default! { $default $Name $({ $name ($ty) [$($value)?] })* }

        impl $crate::Setting for $Name {
            const IS_BLOCK: bool = true;
            fn kind() -> $crate::Kind {
                $crate::Kind::Block($crate::BlockKind::new(|| {
                    <Self as $crate::Settings>::table_over(::core::option::Option::None)
                }))
            }
            fn kind_over(base: &Self) -> $crate::Kind {
                let base = ::core::clone::Clone::clone(base);
                $crate::Kind::Block($crate::BlockKind::new(move || {
                    <Self as $crate::Settings>::table_over(::core::option::Option::Some(&base))
                }))
            }
            fn read(node: &$crate::Node, cx: &mut $crate::Reader<'_>) -> ::core::option::Option<Self> {
                cx.block(node, ::core::option::Option::None)
            }
            fn read_over(
                base: &Self,
                node: &$crate::Node,
                cx: &mut $crate::Reader<'_>,
            ) -> ::core::option::Option<Self> {
                cx.block(node, ::core::option::Option::Some(base))
            }
            fn show(&self) -> ::std::string::String {
                ::std::string::String::new()
            }
        }

        impl $crate::Settings for $Name {
            #[allow(unused_variables, clippy::redundant_closure_call, clippy::useless_vec)]
            fn table_over(base: ::core::option::Option<&Self>) -> $crate::Table {
                let mut table = $crate::Table::new($crate::settings::doc_text(&[$($doc),*]));
                $($crate::__settings_row! {
                    table base $mode $name [$($field_doc)*] ($ty) [$($bounds)?] [$($value)?]
                })*
                table.aliases.extend([$($crate::Alias {
                    old: $crate::settings::plain_name(stringify!($old)),
                    new: $crate::settings::plain_name(stringify!($new)),
                    reason: $reason,
                }),*]);
                table.unsupported.extend([$($crate::Unsupported {
                    name: $unsupported,
                    advice: $advice,
                    harmless: $crate::__settings_harmless!($($harmless)?),
                }),*]);
                table
            }

            #[allow(unused_variables, clippy::useless_vec)]
            fn read_fields(
                block: &$crate::Block<'_>,
                base: ::core::option::Option<&Self>,
                cx: &mut $crate::Reader<'_>,
            ) -> ::core::option::Option<Self> {
                $(let $name: ::core::option::Option<$ty> = $crate::__settings_read! {
                    block base cx $mode $name ($ty) [$($bounds)?] [$($value)?]
                };)*
                let value = Self { $($name: $name?,)* };
                block.checked(value, &[$($validate)?], cx)
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __settings_harmless {
    () => {
        false
    };
    (harmless) => {
        true
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __settings_value {
    (($ty:ty) []) => {
        <$ty as ::core::default::Default>::default()
    };
    (($ty:ty) [$value:expr]) => {{
        let value: $ty = $value;
        value
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __settings_default {
    (some_required $($rest:tt)*) => {};
    (all_have_defaults $Name:ident $({ $name:ident ($ty:ty) $value:tt })*) => {
        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for $Name {
            fn default() -> Self {
                Self { $($name: $crate::__settings_value!(($ty) $value),)* }
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __settings_base {
    ($base:ident $name:ident ($ty:ty) $value:tt) => {
        match $base {
            ::core::option::Option::Some(base) => ::core::clone::Clone::clone(&base.$name),
            ::core::option::Option::None => $crate::__settings_value!(($ty) $value),
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __settings_bounds {
    (($ty:ty) []) => {
        ::core::option::Option::None
    };
    (($ty:ty) [$bounds:expr]) => {
        ::core::option::Option::Some($crate::settings::bounds_text::<$ty>(&$bounds))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __settings_row {
    ($table:ident $base:ident optional $name:ident [$($doc:literal)*] ($ty:ty) $bounds:tt $value:tt) => {
        let default: $ty = $crate::__settings_base!($base $name ($ty) $value);
        $table.push($crate::Row {
            name: $crate::settings::plain_name(stringify!($name)),
            kind: <$ty as $crate::Setting>::kind_over(&default),
            default: ::core::option::Option::Some($crate::Setting::show(&default)),
            bounds: $crate::__settings_bounds!(($ty) $bounds),
            doc: $crate::settings::doc_text(&[$($doc),*]),
        });
    };
    ($table:ident $base:ident required $name:ident [$($doc:literal)*] ($ty:ty) $bounds:tt $value:tt) => {
        $table.push($crate::Row {
            name: $crate::settings::plain_name(stringify!($name)),
            kind: <$ty as $crate::Setting>::kind(),
            default: $base.map(|base| $crate::Setting::show(&base.$name)),
            bounds: $crate::__settings_bounds!(($ty) $bounds),
            doc: $crate::settings::doc_text(&[$($doc),*]),
        });
    };
    ($table:ident $base:ident flatten $name:ident [$($doc:literal)*] ($ty:ty) $bounds:tt $value:tt) => {
        let default: $ty = $crate::__settings_base!($base $name ($ty) $value);
        $table.flatten(<$ty as $crate::Settings>::table_over(::core::option::Option::Some(&default)));
    };
    ($table:ident $base:ident flatten_required $name:ident [$($doc:literal)*] ($ty:ty) $bounds:tt $value:tt) => {
        $table.flatten(<$ty as $crate::Settings>::table_over($base.map(|base| &base.$name)));
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __settings_read {
    ($block:ident $base:ident $cx:ident optional $name:ident ($ty:ty) [$($bounds:expr)?] $value:tt) => {{
        let default: $ty = $crate::__settings_base!($base $name ($ty) $value);
        let name = $crate::settings::plain_name(stringify!($name));
        let value = $cx.optional::<$ty>($block, name, default);
        $(let value = $block.within(name, value, $bounds, $cx);)?
        value
    }};
    ($block:ident $base:ident $cx:ident required $name:ident ($ty:ty) [$($bounds:expr)?] $value:tt) => {{
        let name = $crate::settings::plain_name(stringify!($name));
        let base = $base.map(|base| ::core::clone::Clone::clone(&base.$name));
        let value = $cx.required::<$ty>($block, name, base);
        $(let value = $block.within(name, value, $bounds, $cx);)?
        value
    }};
    ($block:ident $base:ident $cx:ident flatten $name:ident ($ty:ty) $bounds:tt $value:tt) => {{
        let default: $ty = $crate::__settings_base!($base $name ($ty) $value);
        <$ty as $crate::Settings>::read_fields($block, ::core::option::Option::Some(&default), $cx)
    }};
    ($block:ident $base:ident $cx:ident flatten_required $name:ident ($ty:ty) $bounds:tt $value:tt) => {
        <$ty as $crate::Settings>::read_fields($block, $base.map(|base| &base.$name), $cx)
    };
}

/// Declares a setting that is one of a few words.
///
/// ```
/// sidelight_config::setting_enum! {
///     /// Compression of a body.
///     pub enum Compression {
///         /// None at all.
///         Identity = "none" | "",
///         /// RFC 1952.
///         Gzip = "gzip",
///         /// RFC 8878.
///         Zstd = "zstd",
///     }
/// }
/// assert_eq!(Compression::Identity.as_str(), "none");
/// ```
///
/// The first word of a variant is its name, further ones are accepted too. The enum derives `Clone`, `Copy`,
/// `Debug`, `PartialEq` and `Eq`. The default is given where the setting is declared.
#[macro_export]
macro_rules! setting_enum {
    (
        $(#[doc = $doc:literal])*
        $vis:vis enum $Name:ident {
            $($(#[doc = $variant_doc:literal])* $Variant:ident = $word:literal $(| $other:literal)*),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $Name {
            $($(#[doc = $variant_doc])* $Variant,)*
        }

        impl $Name {
            /// The word in `pipeline.yaml`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$Variant => $word,)* }
            }
        }

        impl $crate::Setting for $Name {
            const KEEPS_EMPTY_TEXT: bool = true;
            fn kind() -> $crate::Kind {
                $crate::Kind::Enum(&[$($word),*])
            }
            fn read(node: &$crate::Node, cx: &mut $crate::Reader<'_>) -> ::core::option::Option<Self> {
                let words = [$(($word, Self::$Variant), $(($other, Self::$Variant),)*)*];
                $crate::settings::read_word(&[$($word),*], &words, node, cx)
            }
            fn show(&self) -> ::std::string::String {
                self.as_str().to_owned()
            }
        }
    };
}
