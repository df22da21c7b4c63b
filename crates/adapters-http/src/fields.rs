//! Reading an object's fields and collecting everything that is wrong with them, not only the first thing.

use crate::{
    json::{Entries, Node},
    name::{BODY, Name},
    spelling::snake_case,
    values,
};
use domain::{FieldError, Timestamp};
use std::time::Duration;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The most faults that one answer lists.
const MOST_FAULTS: usize = 50;

/// A reader over one object.
///
/// Each field is read by name, faults are collected, and [`Fields::finish`] returns either the whole value or all
/// faults. A name that was not read is a fault too.
#[derive(Debug)]
pub(crate) struct Fields<'n> {
    entries: &'n Entries<'n>,
    name: Name<'n>,
    asked: Vec<&'static str>,
    faults: Vec<FieldError>,
    /// Whether unknown names are ignored.
    lenient: bool,
    /// Whether `snake_case` is read for `camelCase`.
    both_spellings: bool,
}

impl<'n> Fields<'n> {
    /// Reads a whole body, which must be an object.
    pub(crate) fn of(body: &'n Node<'n>) -> Result<Self, Vec<FieldError>> {
        match body {
            Node::Object(entries) => Ok(Self::over(entries, Name::root())),
            _ => Err(vec![FieldError::new(BODY, "must be a JSON object")]),
        }
    }

    /// Reads a whole body of a resource in camelCase: what its callers send beside is passed over, and their names may
    /// be spelled in snake_case too.
    pub(crate) fn lenient(body: &'n Node<'n>) -> Result<Self, Vec<FieldError>> {
        Ok(Self { lenient: true, ..Self::in_both_spellings(body)? })
    }

    /// Reads an object whose names are in camelCase or in snake_case.
    pub(crate) fn in_both_spellings(body: &'n Node<'n>) -> Result<Self, Vec<FieldError>> {
        Ok(Self { both_spellings: true, ..Self::of(body)? })
    }

    /// The same reader, which passes over what it does not know if `lenient`.
    pub(crate) fn or_lenient(self, lenient: bool) -> Self {
        Self { lenient: self.lenient || lenient, ..self }
    }

    const fn over(entries: &'n Entries<'n>, name: Name<'n>) -> Self {
        Self { entries, name, asked: Vec::new(), faults: Vec::new(), lenient: false, both_spellings: false }
    }

    /// A reader over an object inside, as strict as this one.
    fn within<'i>(&self, entries: &'i Entries<'i>, name: Name<'i>) -> Fields<'i> {
        Fields { lenient: self.lenient, both_spellings: self.both_spellings, ..Fields::over(entries, name) }
    }

    /// A field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Node<'_>) -> Result<T, String>,
    ) -> Option<T> {
        match self.find(name) {
            None => self.wrong(name, "is required"),
            Some(node) => self.read(name, node, read),
        }
    }

    /// A field that may be left out; `null` is the same as leaving it out.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Node<'_>) -> Result<T, String>,
    ) -> Option<T> {
        match self.find(name) {
            None | Some(Node::Null) => None,
            Some(node) => self.read(name, node, read),
        }
    }

    /// A field of a PATCH that may be left out but not cleared.
    pub(crate) fn kept<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Node<'_>) -> Result<T, String>,
    ) -> Option<T> {
        let node = self.find(name)?;
        self.read(name, node, read)
    }

    /// A field of a PATCH that may be left out (the outer `None`) or cleared with `null` (the inner one).
    #[allow(clippy::option_option, reason = "left out and cleared are two things")]
    pub(crate) fn clearable<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Node<'_>) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.find(name)? {
            Node::Null => Some(None),
            node => self.read(name, node, read).map(Some),
        }
    }

    /// A field that is itself an object, or left out; its faults come under its dotted name.
    pub(crate) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        match self.find(name) {
            None | Some(Node::Null) => None,
            Some(Node::Object(entries)) => {
                let outer = self.name;
                let mut inner = self.within(entries, outer.field(name));
                let value = read(&mut inner);
                let faults = inner.all_faults();
                let sound = faults.is_empty();
                self.faults.extend(faults);
                value.filter(|_| sound)
            }
            Some(_) => self.wrong(name, "must be an object"),
        }
    }

    /// A field that is a list of at most `most` objects, or left out; faults of one come under its place.
    pub(crate) fn objects<T>(
        &mut self,
        name: &'static str,
        most: usize,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let list = match self.find(name) {
            None | Some(Node::Null) => return None,
            Some(Node::List(list)) if list.len() > most => {
                return self.wrong(name, format!("must have at most {most} entries"));
            }
            Some(Node::List(list)) => list,
            Some(_) => return self.wrong(name, "must be a list"),
        };
        let outer = self.name;
        let named = outer.field(name);
        let mut values = Vec::new();
        for (at, item) in list.iter().enumerate() {
            let Node::Object(entries) = item else {
                self.faults.push(named.item(at).fault("must be an object"));
                continue;
            };
            let mut inner = self.within(entries, named.item(at));
            values.extend(read(&mut inner));
            self.faults.extend(inner.all_faults());
        }
        (values.len() == list.len()).then_some(values)
    }

    /// The same in a PATCH: it may be left out but not cleared.
    pub(crate) fn kept_objects<T>(
        &mut self,
        name: &'static str,
        most: usize,
        read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        match self.find(name) {
            Some(Node::Null) => self.wrong(name, "must be a list"),
            _ => self.objects(name, most, read),
        }
    }

    /// Whichever of two names the caller used; both at once is a fault.
    pub(crate) fn either(&mut self, name: &'static str, other: &'static str) -> &'static str {
        let (first, second) = (self.find(name).is_some(), self.find(other).is_some());
        if first && second {
            self.fault(other, format!("must not be given together with {name}"));
        }
        if second && !first { other } else { name }
    }

    /// The span from `from`, inclusive, to `to`, exclusive; either may be left out.
    pub(crate) fn span(&mut self, from: &'static str, to: &'static str) -> (Option<Timestamp>, Option<Timestamp>) {
        let since = self.optional(from, values::text(values::instant));
        let until = self.optional(to, values::text(values::instant));
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            let next = since.plus(A_DAY).date_time().date();
            self.fault(to, format!("must be later than {from}, as it is not part of the span: for one day, {next}"));
        }
        (since, until)
    }

    /// Whether a field is there and not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some_and(|(_, node)| !matches!(node, Node::Null))
    }

    /// Notes a fault that only several fields together show.
    pub(crate) fn fault(&mut self, name: &str, expected: impl Into<String>) {
        let spelled = self.entry(name).map_or(name, |(spelled, _)| spelled);
        self.faults.push(self.name.field(spelled).fault(expected));
    }

    /// The value, if nothing at all was wrong; `value` is only asked then.
    pub(crate) fn finish<T>(self, value: impl FnOnce() -> Option<T>) -> Result<T, Vec<FieldError>> {
        let faults = self.all_faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        value().ok_or_else(|| vec![FieldError::new(BODY, "must be complete")])
    }

    /// The same where exactly one of two fields must be given.
    pub(crate) fn finish_one<T>(
        mut self,
        (first, one): (&'static str, Option<T>),
        (second, other): (&'static str, Option<T>),
    ) -> Result<T, Vec<FieldError>> {
        if self.faults.is_empty() {
            match (&one, &other) {
                (Some(_), Some(_)) => self.fault(second, format!("must not be given together with {first}")),
                (None, None) => self.fault(first, format!("is required, or {second} instead")),
                _ => {}
            }
        }
        self.finish(|| one.or(other))
    }

    fn all_faults(mut self) -> Vec<FieldError> {
        let is_asked = |name: &str| {
            self.asked.contains(&name)
                || (self.both_spellings && self.asked.iter().any(|asked| snake_case(asked) == name))
        };
        let is_unknown = |name: &str| !self.lenient && !is_asked(name);
        let unknown = self.entries.iter().filter(|(name, _)| is_unknown(name.as_ref()));
        self.faults
            .extend(unknown.map(|(name, _)| self.name.field(name).fault("is not a known field")).take(MOST_FAULTS));
        self.faults.truncate(MOST_FAULTS);
        self.faults
    }

    /// Whether a field is left out, or null.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        self.entries.iter().all(|(known, node)| known != name || *node == Node::Null)
    }

    fn find(&mut self, name: &'static str) -> Option<&'n Node<'n>> {
        self.asked.push(name);
        self.entry(name).map(|(_, node)| node)
    }

    /// A member by its name, or, in camelCase, by the other spelling of it.
    fn entry(&self, name: &str) -> Option<(&'n str, &'n Node<'n>)> {
        let named = |wanted: &str| {
            self.entries.iter().find(|(known, _)| known == wanted).map(|(known, node)| (known.as_ref(), node))
        };
        let other = || if self.both_spellings { named(&snake_case(name)) } else { None };
        named(name).or_else(other)
    }

    fn read<T>(
        &mut self,
        name: &'static str,
        node: &Node<'_>,
        read: impl FnOnce(&Node<'_>) -> Result<T, String>,
    ) -> Option<T> {
        match read(node) {
            Ok(value) => Some(value),
            Err(expected) => self.wrong(name, expected),
        }
    }

    fn wrong<T>(&mut self, name: &str, expected: impl Into<String>) -> Option<T> {
        self.fault(name, expected);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use domain::{Email, Slug};

    fn faults_of(body: &str) -> Vec<String> {
        let node = json::parse(body.as_bytes()).unwrap();
        let mut fields = match Fields::of(&node) {
            Ok(fields) => fields,
            Err(faults) => return faults.into_iter().map(|fault| fault.field).collect(),
        };
        let kind = fields.either("type", "event_type");
        let kind = fields.required(kind, values::text(|text| Ok(text.to_owned())));
        let slug = fields.optional("slug", values::text(Slug::parse));
        let days = fields.kept("days", values::whole(0..=9));
        let email = fields.object("customer", |customer| customer.required("email", values::text(Email::parse)));
        let read = fields.finish(|| Some((kind?, slug, days, email)));
        read.err().unwrap_or_default().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn every_fault_is_named() {
        assert_eq!(faults_of(r#"{"type":"x","slug":null,"days":9.0,"customer":null}"#), [""; 0]);
        assert_eq!(
            faults_of(r#"{"slug":1,"days":null,"customer":{"email":"x","y":1},"z":1}"#),
            ["type", "slug", "days", "customer.email", "customer.y", "z"]
        );
        assert_eq!(faults_of(r#"{"event_type":1,"customer":[]}"#), ["event_type", "customer"]);
        assert_eq!(faults_of(r#"{"event_type":"x","type":"x","customer":{}}"#), ["event_type", "customer.email"]);
        assert_eq!(faults_of("[]"), ["body"]);
    }

    #[test]
    fn camel_case_is_read_in_both_spellings_and_strangers_are_passed_over() {
        let faults = |body: &str| {
            let node = json::parse(body.as_bytes()).unwrap();
            let mut fields = Fields::lenient(&node).unwrap();
            let email = fields.required("customerEmail", values::text(Email::parse));
            fields.finish(|| email).err().unwrap_or_default().into_iter().map(|fault| fault.field).collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        assert_eq!(faults(r#"{"customerEmail":"a@example.com","stranger":1}"#), none);
        assert_eq!(faults(r#"{"customer_email":"a@example.com"}"#), none);
        assert_eq!(faults(r#"{"customer_email":"a"}"#), ["customer_email"], "as the caller spelled it");
        assert_eq!(faults("{}"), ["customerEmail"]);
    }

    #[test]
    fn a_span_ends_after_it_begins() {
        let span = |body: &str| {
            let node = json::parse(body.as_bytes()).unwrap();
            let mut fields = Fields::of(&node).unwrap();
            let span = fields.span("from", "to");
            fields.finish(|| Some(span)).map_err(|faults| faults[0].to_string())
        };
        assert!(span(r#"{"from":"2024-01-31","to":"2024-02-01"}"#).is_ok() && span(r#"{"to":"2024-02-01"}"#).is_ok());
        assert_eq!(
            span(r#"{"from":"2024-01-31","to":"2024-01-31"}"#).unwrap_err(),
            "to must be later than from, as it is not part of the span: for one day, 2024-02-01"
        );
    }

    #[test]
    fn faults_and_repeated_names_have_a_limit() {
        let names: Vec<String> = (0..1_000).map(|n| format!("\"{}{n}\":1", "x".repeat(500))).collect();
        let faults = faults_of(&format!("{{{}}}", names.join(",")));
        assert_eq!(faults.len(), MOST_FAULTS);
        assert!(faults.iter().all(|field| field.len() <= crate::name::MOST_NAME));
    }
}
