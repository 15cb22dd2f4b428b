/** Files that somebody chose or dropped, folders with all below them → what the server is given. */

/** Endings that the server reads: texts, and compiled descriptor sets. */
const wanted = /\.(?:proto|pb|protoset|desc|binpb|fds|protobin)$/i;
/** For the dialog of the browser. */
export const acceptedEndings = '.proto,.pb,.protoset,.desc,.binpb,.fds,.protobin';

const mostFiles = 10_000;
const deepestFolder = 32;
/** Of all files together, bytes: as base64 they stay below what the server takes in one request. */
export const mostBytes = 40 << 20;

export interface PickedFile {
  /** Path within the folder that was chosen. */
  readonly name: string;
  readonly file: File;
}

export interface Picked {
  readonly files: readonly PickedFile[];
  /** Files that are nothing of this kind; folders hold many, so that only their number is told. */
  readonly passedOver: number;
  readonly problem: string;
}

/** Looks at names and sizes; no file is read yet. */
export function pick(all: readonly PickedFile[]): Picked {
  const files = all.filter(({ name }) => wanted.test(name));
  const passedOver = all.length - files.length;
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  let problem = '';
  if (files.length > mostFiles) problem = `more than ${mostFiles} files`;
  else if (size > mostBytes) problem = `more than ${mostBytes >> 20} MiB of files`;
  else if (files.length === 0) problem = 'no .proto file or descriptor set among them';
  return { files: problem === '' ? files : [], passedOver, problem };
}

/** Paths within the chosen folder: `proto/shop/cart.proto` → `shop/cart.proto`. */
function withinFolder(path: string): string {
  const at = path.indexOf('/');
  return at < 0 ? path : path.slice(at + 1);
}

/** Files of an `<input type=file>`, of a folder or not. */
export function filesOfInput(list: FileList | null): PickedFile[] {
  return [...(list ?? [])].map((file) => ({
    name: file.webkitRelativePath === '' ? file.name : withinFolder(file.webkitRelativePath),
    file,
  }));
}

/** Files and folders that were dropped. */
export async function filesOfDrop(transfer: DataTransfer): Promise<PickedFile[]> {
  const found: PickedFile[] = [];
  const entries: FileSystemEntry[] = [];
  // The items are gone once this function waits: all are taken first.
  for (const item of transfer.items) {
    const entry = item.webkitGetAsEntry();
    const file = entry === null ? item.getAsFile() : null;
    if (entry !== null) entries.push(entry);
    // Nothing of the file system, but a file nevertheless: an attachment of a mail.
    if (file !== null) found.push({ name: file.name, file });
  }
  for (const entry of entries) await collect(entry, '', found, 0);
  return found;
}

async function collect(
  entry: FileSystemEntry,
  folder: string,
  found: PickedFile[],
  depth: number,
): Promise<void> {
  if (found.length > mostFiles || depth > deepestFolder) return;
  const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
  if (entry.isFile) {
    found.push({ name: path, file: await fileOf(entry as FileSystemFileEntry) });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // The folder that was dropped is not part of the paths in it.
  const inside = depth === 0 ? '' : path;
  while (found.length <= mostFiles) {
    const some = await someOf(reader);
    if (some.length === 0) return;
    for (const each of some) await collect(each, inside, found, depth + 1);
  }
}

const fileOf = (entry: FileSystemFileEntry) =>
  new Promise<File>((resolve, reject) => entry.file(resolve, reject));

const someOf = (reader: FileSystemDirectoryReader) =>
  new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));

/** The bytes of a file as base64. */
export async function base64Of(file: Blob): Promise<string> {
  const address = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('the file could not be read'));
    reader.readAsDataURL(file);
  });
  return address.slice(address.indexOf(',') + 1);
}
