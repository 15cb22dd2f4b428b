/**
 * Apache Kafka from Maven, of two ages: today's, and the last one that still speaks the versions of the
 * years before 2.1. kcat from Debian. Java and Maven must be there.
 */
import { join } from 'node:path';
import { run } from './capture.ts';
import { cacheFolder, commandPath, exists, installDebian, mavenClassPath, say } from './setup.ts';

export const newKafka = '4.4.0';
export const oldKafka = '3.9.2';

/** What the console tools need; their own list also has the web server of Kafka Connect. */
const toolLibraries = [
  'net.sf.jopt-simple:jopt-simple:5.0.4',
  'net.sourceforge.argparse4j:argparse4j:0.7.0',
];

/** Java class path of a broker with its console tools. */
export async function kafkaClassPath(version: string): Promise<string> {
  const server = `org.apache.kafka:kafka_2.13:${version}`;
  const libraries = await mavenClassPath(`kafka-${version}`, [server, ...toolLibraries]);
  return `${libraries}:${await toolsJar(version)}`;
}

async function toolsJar(version: string): Promise<string> {
  const folder = join(cacheFolder, `kafka-tools-${version}`);
  const jar = join(folder, `kafka-tools-${version}.jar`);
  if (await exists(jar)) return jar;
  const artifact = `-Dartifact=org.apache.kafka:kafka-tools:${version}`;
  say(`fetching kafka-tools ${version} with Maven`);
  const words = ['-q', '-B', 'dependency:copy', artifact, `-DoutputDirectory=${folder}`];
  const { code, stdout, stderr } = await run('mvn', words, { longestMs: 300_000 });
  if (code !== 0) throw new Error(`mvn ended with ${code}: ${`${stdout}${stderr}`.slice(-1500)}`);
  return jar;
}

/** A client of 2017: message sets of format 1, tokens without a header. */
export const oldClientPath = (): Promise<string> =>
  mavenClassPath('kafka-clients-old', ['org.apache.kafka:kafka-clients:0.10.2.2']);

/** Why the tests cannot run here, or undefined. */
export async function missingForKafka(): Promise<string | undefined> {
  for (const command of ['java', 'mvn', 'kcat', 'tcpdump']) {
    if ((await commandPath(command)) === undefined) return `${command} is not installed`;
  }
  return undefined;
}

export async function setup(): Promise<void> {
  await installDebian('java', ['openjdk-17-jdk-headless']);
  await installDebian('mvn', ['maven']);
  await installDebian('kcat', ['kcat']);
  await kafkaClassPath(newKafka);
  await kafkaClassPath(oldKafka);
  await oldClientPath();
}
