// Development time: Medplum's verdicts on resources against our profiles.
// stdin: [{"file", "profile", "resource"}]; argv[2]: folder of profiles, argv[3]: folder of the R4 core package.
// stdout: {"file": [expressions and messages of errors]}
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadDataType, indexStructureDefinitionBundle, validateResource } from '@medplum/core';

const [, , profiles, core] = process.argv;
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const structures = (folder) =>
  readdirSync(folder)
    .filter((name) => name.startsWith('StructureDefinition-') && name.endsWith('.json'))
    .map((name) => read(join(folder, name)))
    .filter((structure) => structure.snapshot);

const base = structures(core).filter((s) => s.derivation !== 'constraint');
indexStructureDefinitionBundle({ resourceType: 'Bundle', type: 'collection', entry: base.map((resource) => ({ resource })) });
const ours = structures(profiles);
ours.forEach((structure) => loadDataType(structure));
const profileOf = Object.fromEntries(ours.map((structure) => [structure.url, structure]));

const verdicts = {};
for (const { file, profile, resource } of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    validateResource(resource, { profile: profileOf[profile] });
    verdicts[file] = [];
  } catch (error) {
    const issues = error.outcome?.issue ?? [{ severity: 'error', details: { text: `crash: ${error.message}` } }];
    verdicts[file] = issues
      .filter((issue) => ['error', 'fatal'].includes(issue.severity))
      .map((issue) => `${issue.expression?.[0] ?? ''} ${issue.details?.text ?? ''}`);
  }
}
process.stdout.write(JSON.stringify(verdicts));
