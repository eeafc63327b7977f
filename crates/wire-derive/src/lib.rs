//! `#[derive(Wire)]`: the binary form of a message (`domain::wire::Wire`), from its fields in their order.
//!
//! A struct is its fields, one after another. An enum is one byte, the place of its variant, then that variant's fields: so
//! new variants go to the end, and a new field raises `domain::wire::FORMAT`.
//!
//! | attribute | of | what |
//! |---|---|---|
//! | `#[wire(with = path)]` | a field | written by `path::write(&field, w)`, read by `path::read(r)` |
//! | `#[wire(check = path)]` | a type | what was read is refused unless `path(&value)` is true |

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, Index, Path, parse_macro_input};

/// See the crate's documentation.
#[proc_macro_derive(Wire, attributes(wire))]
pub fn wire(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn implement(input: &DeriveInput) -> Result<TokenStream, Error> {
    let name = &input.ident;
    let what = format!("a {name}");
    let (write, read) = match &input.data {
        Data::Struct(of) => {
            let parts = Parts::of(&of.fields)?;
            let (members, written) = (
                &parts.members,
                parts.write(|i| {
                    let member = &parts.members[i];
                    quote! { &self.#member }
                }),
            );
            let read = &parts.read;
            (quote! { #(#written)* }, quote! { #name { #(#members: #read,)* } })
        }
        Data::Enum(of) => {
            let (mut write, mut read) = (Vec::new(), Vec::new());
            for (tag, variant) in (0_u8..).zip(&of.variants) {
                let (parts, of) = (Parts::of(&variant.fields)?, &variant.ident);
                let bound: Vec<_> = (0..parts.members.len()).map(|i| format_ident!("field_{i}")).collect();
                let written = parts.write(|i| bound[i].to_token_stream());
                let (members, values) = (&parts.members, &parts.read);
                write.push(quote! { #name::#of { #(#members: #bound,)* } => { w.u8(#tag); #(#written)* } });
                read.push(quote! { #tag => #name::#of { #(#members: #values,)* } });
            }
            let read =
                quote! { match r.u8()? { #(#read,)* _ => return ::core::result::Result::Err(r.invalid(#what)) } };
            (quote! { match self { #(#write)* } }, read)
        }
        Data::Union(_) => return Err(Error::new_spanned(name, "a union has no binary form")),
    };
    let checked = attribute(&input.attrs, "check")?.map(|check| {
        quote! { if !#check(&value) { return ::core::result::Result::Err(r.invalid(#what)); } }
    });
    Ok(quote! {
        impl ::domain::wire::Wire for #name {
            fn write(&self, w: &mut ::domain::wire::Writer) { #write }

            fn read(r: &mut ::domain::wire::Reader<'_>) -> ::core::result::Result<#name, ::domain::wire::WireError> {
                let value = #read;
                #checked
                ::core::result::Result::Ok(value)
            }
        }
    })
}

/// The fields of a struct or of a variant.
struct Parts {
    /// Their names or places.
    members: Vec<TokenStream>,
    /// What writes each.
    write: Vec<TokenStream>,
    /// What reads each.
    read: Vec<TokenStream>,
}

impl Parts {
    fn of(fields: &Fields) -> Result<Parts, Error> {
        let mut parts = Parts { members: Vec::new(), write: Vec::new(), read: Vec::new() };
        for (place, field) in fields.iter().enumerate() {
            let Field { ident, attrs, .. } = field;
            parts.members.push(match ident {
                Some(name) => name.to_token_stream(),
                None => Index::from(place).to_token_stream(),
            });
            let with = attribute(attrs, "with")?;
            let by = with.map_or_else(|| quote! { ::domain::wire::Wire }, |path| path.to_token_stream());
            parts.write.push(quote! { #by::write });
            parts.read.push(quote! { #by::read(r)? });
        }
        Ok(parts)
    }

    /// What writes the fields, each of which is found by `field`.
    fn write(&self, field: impl Fn(usize) -> TokenStream) -> Vec<TokenStream> {
        let each = self.write.iter().enumerate();
        each.map(|(i, write)| {
            let field = field(i);
            quote! { #write(#field, w); }
        })
        .collect()
    }
}

/// The path in `#[wire(name = path)]`.
fn attribute(attrs: &[Attribute], name: &str) -> Result<Option<Path>, Error> {
    let mut found = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("wire")) {
        attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident(name) {
                return Err(meta.error(format!("only {name} is known here")));
            }
            found = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(found)
}
