//! Lengths of Rust functions, from the syntax tree.

use anyhow::{Context, Result};
use syn::{
    Block, ImplItemFn, ItemFn, Signature, TraitItemFn,
    visit::{self, Visit},
};

/// A function and its length from signature to closing brace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) lines: usize,
}

/// Returns every function of a source text: free, of impls and traits, nested ones too.
pub(super) fn measure(text: &str) -> Result<Vec<Function>> {
    let file = syn::parse_file(text).context("not Rust as this tool knows it")?;
    let mut found = Collector(Vec::new());
    found.visit_file(&file);
    Ok(found.0)
}

struct Collector(Vec<Function>);

impl Collector {
    fn add(&mut self, signature: &Signature, body: &Block) {
        let first = signature.fn_token.span.start().line;
        let last = body.brace_token.span.close().end().line;
        let name = signature.ident.to_string();
        self.0.push(Function { name, lines: last.saturating_sub(first) + 1 });
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_and_comments_above_do_not_count() {
        let found = measure("/// Says.\n#[inline]\nfn one() {\n    two();\n}\n").unwrap();
        assert_eq!(found, [Function { name: "one".into(), lines: 3 }]);
    }

    #[test]
    fn methods_defaults_and_nested_functions_are_found() {
        let text =
            "trait T {\n fn a();\n fn b() {}\n}\nimpl T for X {\n fn a() {\n  fn c() {}\n }\n}";
        let found = measure(text).unwrap();
        let names: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.lines)).collect();
        assert_eq!(names, [("b", 1), ("a", 3), ("c", 1)]);
    }
}
