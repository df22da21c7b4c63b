//! The path of a value in a body, for error messages.

use domain::FieldError;

/// The name that faults of a body as a whole go by.
pub(crate) const BODY: &str = "body";
/// The most characters of a caller's own field name that a fault repeats.
pub(crate) const MOST_NAME: usize = 100;

/// The path of a value in the body, as callers would write it: `customer.email`, `mlm_rates[1]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'p> {
    outer: Option<&'p Name<'p>>,
    part: Part<'p>,
}

#[derive(Debug, Clone, Copy)]
enum Part<'p> {
    Root,
    Field(&'p str),
    Item(usize),
}

impl<'p> Name<'p> {
    /// The body itself.
    pub(crate) const fn root() -> Self {
        Self { outer: None, part: Part::Root }
    }

    /// A field of this object.
    pub(crate) const fn field(&'p self, name: &'p str) -> Self {
        Self { outer: Some(self), part: Part::Field(name) }
    }

    /// An item of this list.
    pub(crate) const fn item(&'p self, at: usize) -> Self {
        Self { outer: Some(self), part: Part::Item(at) }
    }

    /// Builds a fault of the value at this path.
    pub(crate) fn fault(&self, expected: impl Into<String>) -> FieldError {
        let text = self.text();
        FieldError::new(if text.is_empty() { BODY.to_owned() } else { text }, expected)
    }

    fn text(&self) -> String {
        let outer = self.outer.map(Self::text).unwrap_or_default();
        match self.part {
            Part::Root => outer,
            Part::Item(at) => format!("{outer}[{at}]"),
            Part::Field(name) => {
                let name: String = name.chars().filter(|letter| !letter.is_control()).take(MOST_NAME).collect();
                if outer.is_empty() { name } else { format!("{outer}.{name}") }
            }
        }
    }
}
