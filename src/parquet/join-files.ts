import { type FileHandle, open } from 'node:fs/promises';
import { moved, ROW_GROUP, Thrift } from './thrift.js';

/** The magic at the start and end of a Parquet file (apache/parquet-format, README). */
const MAGIC = Buffer.from('PAR1');
/** After the footer: its length, and the magic again. */
const TAIL = 4 + MAGIC.length;
/** Bytes copied at a time. */
const COPY = 1024 * 1024;

/** Fields of `FileMetaData` (apache/parquet-format, parquet.thrift). */
const SCHEMA = 2;
const NUM_ROWS = 3;
const ROW_GROUPS = 4;

/** A field of a footer, verbatim. */
interface Field {
  readonly id: number;
  readonly type: number;
  readonly value: Buffer;
}

/** The contents of a file's footer. */
interface Footer {
  readonly fields: readonly Field[];
  readonly rows: number;
  readonly groups: readonly Buffer[];
  /** Where the data ends. */
  readonly end: number;
}

/**
 * Joins Parquet files with the same columns, one after the other. Their row groups are copied
 * verbatim: nothing is decoded or encoded again, and hardly any memory is needed, however large
 * they are.
 * @param path of the file to write
 * @throws {Error} naming a piece that is not a Parquet file, or has different columns than the
 * first one; or a system error when the disk does not take all of it
 */
export async function joinParquet(pieces: readonly string[], path: string): Promise<void> {
  const out = await open(path, 'w');
  try {
    // Not `write`, which may write only part of it without failing, for example when the disk fills up.
    await out.appendFile(MAGIC);
    let at = MAGIC.length;
    let first: Footer | null = null;
    let rows = 0;
    const groups: Buffer[] = [];
    for (const piece of pieces) {
      const file = await open(piece, 'r');
      try {
        const footer = await readFooter(file, piece);
        first ??= footer;
        if (!valueOf(footer, SCHEMA).equals(valueOf(first, SCHEMA))) {
          throw new Error(`${piece} has different columns than ${pieces[0]!}`);
        }
        const by = at - MAGIC.length;
        for (const group of footer.groups) groups.push(moved(group, ROW_GROUP, by));
        rows += footer.rows;
        at += await copy(file, MAGIC.length, footer.end, out);
      } finally {
        await file.close();
      }
    }
    if (first === null) throw new Error(`${path} would have no piece`);
    const footer = footerOf(first.fields, rows, groups);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    await out.appendFile(Buffer.concat([footer, length, MAGIC]));
  } finally {
    await out.close();
  }
}

async function readFooter(file: FileHandle, path: string): Promise<Footer> {
  const { size } = await file.stat();
  const tail = await bytesAt(file, Math.max(0, size - TAIL), Math.min(TAIL, size));
  const length = tail.length === TAIL && tail.subarray(4).equals(MAGIC) ? tail.readUInt32LE() : -1;
  const end = size - TAIL - length;
  if (length < 0 || end < MAGIC.length) throw new Error(`${path} is not a complete Parquet file`);
  const thrift = new Thrift(await bytesAt(file, end, length));
  const fields: Field[] = [];
  const groups: Buffer[] = [];
  let rows = 0;
  thrift.struct((id, type) => {
    const start = thrift.at;
    if (id === NUM_ROWS) rows = thrift.integer();
    else if (id === ROW_GROUPS) {
      const { size: count, type: element } = thrift.list();
      for (let i = 0; i < count; i++) {
        const from = thrift.at;
        thrift.skip(element);
        groups.push(thrift.bytes.subarray(from, thrift.at));
      }
    } else thrift.skip(type);
    fields.push({ id, type, value: thrift.bytes.subarray(start, thrift.at) });
  });
  return { fields, rows, groups, end };
}

function valueOf({ fields }: Footer, wanted: number): Buffer {
  return fields.find(({ id }) => id === wanted)?.value ?? Buffer.alloc(0);
}

/** A footer with the fields of one file, except for the rows and row groups. */
function footerOf(fields: readonly Field[], rows: number, groups: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  let last = 0;
  for (const { id, type, value } of fields) {
    parts.push(Thrift.field(id - last, type));
    last = id;
    if (id === NUM_ROWS) parts.push(Thrift.zigzag(rows));
    else if (id === ROW_GROUPS) parts.push(Thrift.structs(groups.length), ...groups);
    else parts.push(value);
  }
  parts.push(Thrift.STOP);
  return Buffer.concat(parts);
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  return bytes.subarray(0, bytesRead);
}

/** Copies the bytes of a file from `from` to before `to`. @returns how many */
async function copy(file: FileHandle, from: number, to: number, out: FileHandle): Promise<number> {
  const room = Buffer.alloc(Math.min(COPY, to - from));
  for (let at = from; at < to;) {
    const { bytesRead } = await file.read(room, 0, Math.min(room.length, to - at), at);
    if (bytesRead === 0) throw new Error('a piece of the file became shorter while it was read');
    await out.appendFile(room.subarray(0, bytesRead));
    at += bytesRead;
  }
  return to - from;
}
