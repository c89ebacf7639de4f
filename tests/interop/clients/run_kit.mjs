// Search every type and follow the pages with fhir-kit-client; the token is signed by node itself. Writes what came.
//   node run_kit.mjs BASE CLIENT KEYS OUT
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Client } from "fhir-kit-client";

const TYPES = ["Patient", "Condition", "Procedure", "ImagingStudy", "MedicationStatement", "Observation", "Provenance"];
const [base, clientId, keys, out] = process.argv.slice(2);

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

async function askToken() {
  const told = await (await fetch(`${base}/.well-known/smart-configuration`)).json();
  const own = JSON.parse(readFileSync(keys, "utf-8")).keys[0];
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: told.token_endpoint, exp: now + 240, jti: randomUUID() };
  const text = `${encoded({ alg: own.alg, kid: own.kid, typ: "JWT" })}.${encoded(claims)}`;
  const key = { key: createPrivateKey({ key: own, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    scope: "system/*.read",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: `${text}.${sign("sha384", Buffer.from(text), key).toString("base64url")}`,
  });
  const answer = await fetch(told.token_endpoint, { method: "POST", body: form });
  if (!answer.ok) throw new Error(`no token: ${await answer.text()}`);
  return (await answer.json()).access_token;
}

const client = new Client({ baseUrl: base, bearerToken: await askToken() });
const statement = await client.capabilityStatement();
const came = {};
for (const resourceType of TYPES) {
  if (!statement.rest[0].resource.some((each) => each.type === resourceType)) throw new Error(`no ${resourceType}`);
  let page = await client.search({ resourceType, searchParams: { _count: 13 } });
  came[resourceType] = [];
  while (page) {
    came[resourceType].push(...(page.entry ?? []).map((each) => each.resource.id));
    page = await client.nextPage({ bundle: page });
  }
}
const id = came.Patient[0];
const read = await client.read({ resourceType: "Patient", id });
const old = await client.vread({ resourceType: "Patient", id, version: read.meta.versionId });
const history = await client.history({ resourceType: "Patient", id });
if (read.id !== id || old.id !== id || history.entry.length < 1) throw new Error("another Patient than was asked for");
const byForm = await client.search({ resourceType: "Patient", searchParams: { _id: id }, options: { postSearch: true } });
if (byForm.entry.length !== 1) throw new Error("a search by form found another number of Patients than one");
const everything = await client.operation({ name: "$everything", resourceType: "Patient", id, method: "get" });
if (everything.entry[0].resource === undefined) throw new Error("nothing of a Patient");
writeFileSync(out, JSON.stringify(came));
