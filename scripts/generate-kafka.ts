/**
 * Apache Kafka's message definitions → src/protocols/kafka/messages.json. Needs Maven and a JDK; run it
 * when a newer Kafka is out (`sources`), and look at the difference.
 *
 * The definitions (`common/message/*.json`) lie in the jar of the clients. A message is taken from the
 * newest source; older ones add the versions, and the APIs, that were removed since. How a line of the
 * result is read: `src/protocols/kafka/schema.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';

/** Newest first. 4.0 had share groups as a preview; 4.0 removed the versions of the years before 2.1. */
const sources = ['4.4.0', '4.0.2', '3.9.2'];
const artifact = 'org.apache.kafka:kafka-clients';
const loggerJar = 'org.slf4j:slf4j-api:1.7.36';
const target = fileURLToPath(new URL('../src/protocols/kafka/messages.json', import.meta.url));

interface Definition {
  readonly name: string;
  readonly type: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly flexibleVersions?: string;
  readonly fields: readonly FieldDefinition[];
  readonly commonStructs?: readonly Struct[];
}
interface Struct {
  readonly name: string;
  readonly fields: readonly FieldDefinition[];
}
interface FieldDefinition {
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullableVersions?: string;
  readonly tag?: number;
  readonly taggedVersions?: string;
  readonly entityType?: string;
  readonly fields?: readonly FieldDefinition[];
}

const scalarTypes: Readonly<Record<string, string>> = {
  bool: 'b',
  int8: 'i1',
  int16: 'i2',
  uint16: 'u2',
  int32: 'i4',
  uint32: 'u4',
  int64: 'i8',
  float64: 'f8',
  string: 's',
  uuid: 'u',
  bytes: 'B',
  records: 'R',
};

/** Names that queries know from the original Mizu, where the definitions' own differ. */
const names: Readonly<Record<string, string>> = {
  TransactionalId: 'transactionalID',
  ClusterId: 'clusterID',
  ControllerId: 'controllerID',
  'ProduceRequest.Acks': 'requiredAcks',
  'ProduceRequest.TimeoutMs': 'timeout',
  'ProduceRequest.TopicData.Name': 'topic',
  'ProduceRequest.TopicData.PartitionData': 'partitions',
  'ProduceRequest.TopicData.PartitionData.Index': 'partition',
  'ProduceResponse.Responses.Name': 'topic',
  'ProduceResponse.Responses.PartitionResponses.Index': 'partition',
  'FetchResponse.Responses.Partitions': 'partitionResponses',
  'FetchResponse.Responses.Partitions.PartitionIndex': 'partition',
  'FetchResponse.Responses.Partitions.Records': 'recordSet',
};

const secrets = new Set(['AuthBytes', 'Hmac', 'Salt', 'SaltedPassword']);
const configValues = new Set([
  'AlterConfigsRequest.Resources.Configs.Value',
  'IncrementalAlterConfigsRequest.Resources.Configs.Value',
]);

/** Coordinators are looked up by the name of a group, or of a transaction. */
const groupNames = new Set([
  'FindCoordinatorRequest.Key',
  'FindCoordinatorRequest.CoordinatorKeys',
]);

/** Users whose credentials are asked for or changed: what such a request is about. */
const userNames = new Set([
  'AlterUserScramCredentialsRequest.Deletions.Name',
  'AlterUserScramCredentialsRequest.Upsertions.Name',
  'DescribeUserScramCredentialsRequest.Users.Name',
]);

function nameOf(path: string): string {
  const last = path.slice(path.lastIndexOf('.') + 1);
  return names[path] ?? names[last] ?? last[0]!.toLowerCase() + last.slice(1);
}

/** What the row, or redaction, needs to know of a field. */
function roleOf(path: string, field: FieldDefinition): string {
  const { name, type, entityType } = field;
  if (path === 'ProduceRequest.Acks') return '!A';
  if (path === 'FetchRequest.SessionEpoch') return '!P';
  if (path.startsWith('FetchRequest.ForgottenTopicsData.')) return '';
  if (configValues.has(path)) return '!K';
  if (path === 'EnvelopeRequest.RequestData') return '!V';
  if (secrets.has(name)) return '!S';
  if (type === 'int16' && name.endsWith('ErrorCode')) return '!E';
  if (entityType === 'topicName') return '!T';
  if (type === 'uuid' && name === 'TopicId') return '!I';
  if (entityType === 'groupId' || groupNames.has(path)) return '!G';
  if (name === 'ResourceName' || name === 'Mechanism' || userNames.has(path)) return '!T';
  if (entityType === 'transactionalId') return '!X';
  return '';
}

function range(versions: string): string {
  return versions === '0+' ? '' : `@${versions}`;
}

function writeFields(
  fields: readonly FieldDefinition[],
  path: string,
  structs: ReadonlyMap<string, readonly FieldDefinition[]>,
  depth = 0,
): string {
  if (depth > 12) throw new Error(`${path}: structures within themselves are not supported`);
  return fields
    .map((field) => {
      const own = `${path}.${field.name}`;
      const element = field.type.replace(/^\[\]/, '');
      const array = element === field.type ? '' : '*';
      const scalar = scalarTypes[element];
      const inner = scalar === undefined ? (field.fields ?? structs.get(element)) : undefined;
      if (scalar === undefined && inner === undefined) throw new Error(`${own}: ${field.type}`);
      const body = inner === undefined ? '' : `(${writeFields(inner, own, structs, depth + 1)})`;
      const nullable = field.nullableVersions === undefined ? '' : `?${field.nullableVersions}`;
      const tag = field.tag === undefined ? '' : `#${field.tag}@${field.taggedVersions}`;
      const type = `${array}${scalar ?? 'o'}`;
      const rest = `${range(field.versions)}${nullable}${tag}${roleOf(own, field)}${body}`;
      return `${nameOf(own)}=${type}${rest}`;
    })
    .join(',');
}

/** Structures that are used by name: the common ones, and those that an earlier field spelled out. */
function namedStructs(definition: Definition): Map<string, readonly FieldDefinition[]> {
  const structs = new Map<string, readonly FieldDefinition[]>();
  const collect = (fields: readonly FieldDefinition[]) => {
    for (const field of fields) {
      if (field.fields === undefined) continue;
      structs.set(field.type.replace(/^\[\]/, ''), field.fields);
      collect(field.fields);
    }
  };
  for (const { name, fields } of definition.commonStructs ?? []) {
    structs.set(name, fields);
    collect(fields);
  }
  collect(definition.fields);
  return structs;
}

function writeMessage(definition: Definition): string {
  const { name, type, apiKey = -1, validVersions, flexibleVersions = 'none', fields } = definition;
  const kind = type === 'request' ? 'q' : type === 'response' ? 's' : 'd';
  const title = name.replace(/(?:Request|Response)$/, '');
  const body = writeFields(fields, name, namedStructs(definition));
  return [kind, apiKey, title, validVersions, flexibleVersions, body].join(' ');
}

/** Numbers of the versions: `3-13` → 3 to 13, `none` → nothing. */
function versionsOf(text: string): number[] {
  if (text === 'none') return [];
  const [from = '0', to = from] = text.split('-');
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i);
}

/** JSON with comments, as the definitions are written. */
function readDefinition(text: string): Definition {
  const bare = text.replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*/g, (_, quoted) => quoted ?? '');
  return JSON.parse(bare);
}

function fetchJar(coordinates: string, folder: string): string {
  execFileSync('mvn', [
    '-q',
    'dependency:copy',
    `-Dartifact=${coordinates}`,
    `-DoutputDirectory=${folder}`,
  ]);
  const [, name, version] = coordinates.split(':');
  return join(folder, `${name}-${version}.jar`);
}

/** Codes and names of `org.apache.kafka.common.protocol.Errors`, asked from the class itself. */
function errorsOf(jar: string, folder: string): string[] {
  const program = join(folder, 'Dump.java');
  writeFileSync(
    program,
    `import org.apache.kafka.common.protocol.Errors;
     class Dump { public static void main(String[] a) {
       for (Errors e : Errors.values()) System.out.println(e.code() + " " + e.name()); } }`,
  );
  const classes = `${jar}:${fetchJar(loggerJar, folder)}`;
  const text = execFileSync('java', ['-cp', classes, program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text.trim().split('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'mizu-kafka-'));
try {
  const covered = new Map<string, Set<number>>();
  const messages: string[] = [];
  let errors: string[] = [];
  for (const version of sources) {
    const jar = fetchJar(`${artifact}:${version}`, folder);
    if (errors.length === 0) errors = errorsOf(jar, folder);
    const files = unzipSync(readFileSync(jar), {
      filter: ({ name }) => /^common\/message\/\w+\.json$/.test(name),
    });
    for (const file of Object.keys(files).sort()) {
      const definition = readDefinition(strFromU8(files[file]!));
      if (definition.type === 'header') continue;
      const known = covered.get(definition.name) ?? new Set();
      const added = versionsOf(definition.validVersions).filter((each) => !known.has(each));
      if (added.length === 0) continue;
      for (const each of added) known.add(each);
      covered.set(definition.name, known);
      messages.push(writeMessage(definition));
    }
  }
  const result = {
    source: `${artifact} ${sources.join(', ')}: common/message/*.json, Errors`,
    licence: 'Apache-2.0, The Apache Software Foundation',
    errors,
    messages,
  };
  writeFileSync(target, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`${messages.length} messages, ${errors.length} errors → ${target}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
