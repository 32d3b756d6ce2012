//! Runs a GraphQL request against the tenant: parse, validate against the schema, execute, shape errors.

use std::cell::RefCell;
use std::sync::LazyLock;

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::Type;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::refuse::{Refusal, Refusals};
use super::tenant::Tenant;
use super::{graph, query, writes};

/// The schema as text; a test compares it with the reconstruction of the vendor's.
pub(crate) const SCHEMA: &str = include_str!("schema.graphql");

static PARSED: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    Schema::parse_and_validate(SCHEMA, "schema.graphql")
        .expect("the schema is compiled in and a test validates it")
});

/// A GraphQL request as clients post it.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct GraphQl {
    /// The document.
    pub(crate) query: String,
    /// Values of its variables.
    #[serde(default)]
    pub(crate) variables: Option<JsonMap>,
    /// Which operation of the document to run.
    #[serde(default, rename = "operationName")]
    pub(crate) operation_name: Option<String>,
}

/// A validated document.
pub(crate) struct Document(Valid<ExecutableDocument>);

/// Parses and validates; the error is the whole answer.
pub(crate) fn validate(text: &str) -> Result<Document, Value> {
    let refused = |code: &str, errors: apollo_compiler::validation::DiagnosticList| {
        let errors: Vec<Value> = errors
            .iter()
            .map(|diagnostic| {
                let mut error = serde_json::to_value(diagnostic.to_json()).unwrap_or_default();
                error["extensions"] = json!({ "code": code });
                error
            })
            .collect();
        json!({ "errors": errors })
    };
    let parsed = apollo_compiler::ast::Document::parse(text, "query.graphql")
        .map_err(|wrong| refused("GRAPHQL_PARSE_FAILED", wrong.errors))?;
    parsed
        .to_executable_validate(&PARSED)
        .map(Document)
        .map_err(|wrong| refused("GRAPHQL_VALIDATION_FAILED", wrong.errors))
}

impl Document {
    /// Name of the operation that would run, or its first field, and all its root fields.
    pub(crate) fn names(&self, operation: Option<&str>) -> (String, Vec<String>) {
        let Ok(operation) = self.0.operations.get(operation) else {
            return (String::new(), Vec::new());
        };
        let fields: Vec<String> =
            operation.root_fields(&self.0).map(|field| field.name.to_string()).collect();
        let name = operation.name.as_ref().map(ToString::to_string);
        (name.or_else(|| fields.first().cloned()).unwrap_or_default(), fields)
    }

    /// Executes and gives the answer's body.
    pub(crate) fn execute(
        &self,
        tenant: &mut Tenant,
        request: &GraphQl,
        now: DateTime<Utc>,
    ) -> Value {
        let refusals = Refusals::default();
        let context = Context { tenant: RefCell::new(tenant), refusals: &refusals, now };
        let none = JsonMap::new();
        let variables = request.variables.as_ref().unwrap_or(&none);
        let run = Execution::new(&PARSED, &self.0)
            .operation_name(request.operation_name.as_deref())
            .and_then(|ready| {
                let root = match self.0.operations.get(request.operation_name.as_deref()) {
                    Ok(operation) if operation.is_mutation() => Object::root(&context, "Mutation"),
                    _ => Object::root(&context, "Query"),
                };
                ready.raw_variable_values(variables).execute_sync(&root)
            });
        match run {
            Err(error) => {
                let mut error = serde_json::to_value(error.to_graphql_error(&self.0.sources))
                    .unwrap_or_default();
                error["extensions"] = json!({ "code": "BAD_USER_INPUT" });
                json!({ "errors": [error] })
            }
            Ok(response) => {
                let mut answer = json!({ "data": response.data });
                if !response.errors.is_empty() {
                    let errors = response
                        .errors
                        .iter()
                        .map(|error| serde_json::to_value(error).unwrap_or_default());
                    answer["errors"] = errors.map(|error| refusals.complete(error)).collect();
                }
                answer
            }
        }
    }
}

/// What every object of one execution shares.
pub(crate) struct Context<'c> {
    pub(crate) tenant: RefCell<&'c mut Tenant>,
    refusals: &'c Refusals,
    pub(crate) now: DateTime<Utc>,
}

/// An object of the answer: its type and the JSON its fields come from.
struct Object<'x, 'c> {
    context: &'x Context<'c>,
    kind: String,
    value: Value,
}

impl<'x, 'c> Object<'x, 'c> {
    fn root(context: &'x Context<'c>, kind: &str) -> Self {
        Self { context, kind: kind.to_owned(), value: Value::Null }
    }

    fn field(&self, info: &ResolveInfo<'_>, arguments: &Value) -> Result<Value, Refusal> {
        let name = info.field_name();
        match self.kind.as_str() {
            "Query" => query::resolve(&self.context.tenant.borrow(), name, arguments),
            "Mutation" => writes::resolve(
                &mut self.context.tenant.borrow_mut(),
                name,
                arguments,
                self.context.now,
            ),
            // Graph entities travel as their id: they refer to one another in circles.
            "GraphEntity" => {
                let id = self.value.as_str().unwrap_or_default();
                Ok(graph::field(&self.context.tenant.borrow(), id, name, arguments)?)
            }
            _ => Ok(self.value[name].clone()),
        }
    }
}

impl ObjectValue for Object<'_, '_> {
    fn type_name(&self) -> &str {
        &self.kind
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = serde_json::to_value(info.arguments()).unwrap_or_default();
        let value =
            self.field(info, &arguments).map_err(|refusal| self.context.refusals.raise(refusal))?;
        Ok(shape(self.context, &info.field_definition().ty, value, &arguments))
    }
}

fn shape<'x, 'c: 'x>(
    context: &'x Context<'c>,
    expected: &Type,
    value: Value,
    arguments: &Value,
) -> ResolvedValue<'x> {
    if value.is_null() {
        return ResolvedValue::null();
    }
    if expected.is_list() {
        let Value::Array(items) = value else { return ResolvedValue::null() };
        let inner = expected.item_type().clone();
        return ResolvedValue::list(
            items.into_iter().map(move |item| shape(context, &inner, item, &Value::Null)),
        );
    }
    let name = expected.inner_named_type();
    let Some(definition) = PARSED.types.get(name.as_str()) else { return ResolvedValue::null() };
    if definition.is_scalar() || definition.is_enum() {
        return ResolvedValue::Leaf(JsonValue::from(value));
    }
    let kind = if definition.is_union() {
        value["__typename"].as_str().unwrap_or_default()
    } else {
        name.as_str()
    };
    let kind = kind.to_owned();
    let value = if kind.ends_with("Connection") { connection(value, arguments) } else { value };
    ResolvedValue::object(Object { context, kind, value })
}

/// Lists inside an object are kept as plain arrays and become connections here, cut by `first`.
fn connection(value: Value, arguments: &Value) -> Value {
    let Value::Array(mut nodes) = value else { return value };
    let total = nodes.len();
    if let Some(first) = arguments["first"].as_u64() {
        nodes.truncate(first as usize);
    }
    let more = nodes.len() < total;
    json!({ "nodes": nodes, "totalCount": total, "pageInfo": { "hasNextPage": more, "endCursor": null } })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_is_valid() {
        if let Err(wrong) =
            apollo_compiler::Schema::parse_and_validate(super::SCHEMA, "schema.graphql")
        {
            panic!("{}", wrong.errors);
        }
    }
}
