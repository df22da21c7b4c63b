#!/usr/bin/env bash
# datamodel-code-generator 0.89.0, pydantic 2.14.4: a model made from a document writes what that document does not allow.
# Expected: `type: number` with `format: decimal` (spec.openapis.org/registry/format) keeps an amount exact in Python and is written as the
# JSON number that the schema asks for. Seen: the field becomes a Decimal, and model_dump_json writes it as text, "12.50"; a validator of
# the very schema refuses it. Nor is reading exact: the Decimal read from 12345678901234567.89 is what a float holds of it. Without the
# format, the field is a float and the written JSON is valid.
# For us: docs/openapi.json gives amounts as plain `type: number`, without a format; docs/api-conventions.md reads them as text too.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
pip_packages datamodel-code-generator==0.89.0 pydantic==2.14.4 jsonschema==4.26.0

cat > document.json <<'END'
{
  "openapi": "3.1.0", "info": {"title": "Sales", "version": "1"}, "paths": {},
  "components": {"schemas": {"Sale": {
    "type": "object", "required": ["plain", "exact"],
    "properties": {"plain": {"type": "number"}, "exact": {"type": "number", "format": "decimal"}}
  }}}
}
END
cat document.json
venv/bin/datamodel-codegen --input document.json --input-file-type openapi --output-model-type pydantic_v2.BaseModel \
  --formatters builtin --output model.py

conclude 'written: {"plain":12.5,"exact":"12.50"}
valid by the schema: exact: '"'12.50'"' is not of type '"'number'"'
read 12345678901234567.89: 12345678901234568' "$(python - <<'END'
import json
from decimal import Decimal

import jsonschema
from model import Sale

schema = json.load(open("document.json"))["components"]["schemas"]["Sale"]
written = Sale(plain=12.5, exact=Decimal("12.50")).model_dump_json()
print("written:", written)
errors = jsonschema.Draft202012Validator(schema).iter_errors(json.loads(written))
print("valid by the schema:", "; ".join(f"{e.json_path[2:]}: {e.message}" for e in errors) or "yes")
read = Sale.model_validate_json('{"plain": 0, "exact": 12345678901234567.89}')
print("read 12345678901234567.89:", read.exact)
END
)"
