/**
 * The part of Thrift's compact protocol (apache/thrift, doc/specs/thrift-compact-protocol.md)
 * needed to move the row groups of a Parquet file: structs are walked, and some fields' numbers
 * changed; everything else stays verbatim.
 */

const FALSE = 2;
const BYTE = 3;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const MAP = 11;
const STRUCT = 12;

/** In lists, the size value meaning that the actual size follows. */
const LONG = 15;

/** Which fields of a struct are file offsets, and which are structs that contain some. */
interface Places {
  readonly own: readonly number[];
  readonly inside: Readonly<Record<number, Places>>;
}

const COLUMN: Places = {
  // data_page_offset, index_page_offset, dictionary_page_offset, bloom_filter_offset
  own: [9, 10, 11, 14],
  inside: {},
};
const COLUMN_CHUNK: Places = {
  // file_offset, offset_index_offset, column_index_offset
  own: [2, 4, 6],
  inside: { 3: COLUMN },
};

/** `RowGroup` in apache/parquet-format, parquet.thrift: its file_offset, and those in its columns. */
export const ROW_GROUP: Places = { own: [5], inside: { 1: COLUMN_CHUNK } };

/** Walks over bytes of the compact protocol. */
export class Thrift {
  /** The byte that ends a struct. */
  static readonly STOP = Buffer.from([0]);
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The header of a field. @param delta its number minus that of the previous field */
  static field(delta: number, type: number): Buffer {
    return Buffer.from([(delta << 4) | type]);
  }

  /** The header of a list of structs. */
  static structs(size: number): Buffer {
    return Buffer.from([(LONG << 4) | STRUCT, ...varint(size)]);
  }

  /** An integer below 2^53. */
  static zigzag(value: number): Buffer {
    return Buffer.from(varint(value < 0 ? -2 * value - 1 : 2 * value));
  }

  /** Walks a struct. `field` must consume the value of each field. */
  struct(field: (id: number, type: number) => void): void {
    for (let id = 0; ;) {
      const head = this.#byte();
      if (head === 0) return;
      id = head >> 4 === 0 ? this.integer() : id + (head >> 4);
      field(id, head & 15);
    }
  }

  /** The header of a list. */
  list(): { size: number; type: number } {
    const head = this.#byte();
    return { size: head >> 4 === LONG ? this.#varint() : head >> 4, type: head & 15 };
  }

  /** An integer of any size. */
  integer(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Skips a value. @param each called with each struct in it, instead of skipping it */
  skip(type: number, each: () => void = () => this.struct((_, inner) => this.skip(inner))): void {
    if (type <= FALSE) return;
    if (type === BYTE) this.at++;
    else if (type <= I64) this.#varint();
    else if (type === DOUBLE) this.at += 8;
    else if (type === BINARY) {
      const length = this.#varint();
      this.at += length;
    } else if (type === STRUCT) each();
    else if (type === LIST || type === SET) {
      const { size, type: element } = this.list();
      for (let i = 0; i < size; i++) this.#element(element, each);
    } else if (type === MAP) {
      const size = this.#varint();
      const types = size === 0 ? 0 : this.#byte();
      for (let i = 0; i < size; i++) {
        this.#element(types >> 4, each);
        this.#element(types & 15, each);
      }
    } else throw new Error(`a Parquet footer has the unknown type ${type}`);
  }

  #element(type: number, each: () => void): void {
    // A boolean is a separate byte in a list, and part of the header in a field.
    if (type <= FALSE) this.at++;
    else this.skip(type, each);
  }

  #byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Error('a Parquet footer is cut off');
    return byte;
  }

  #varint(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  }
}

function varint(value: number): number[] {
  const bytes = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}

/** A struct with every file offset moved. */
export function moved(struct: Buffer, places: Places, by: number): Buffer {
  const thrift = new Thrift(struct);
  const parts: Buffer[] = [];
  let copied = 0;
  const walk = ({ own, inside }: Places): void => {
    thrift.struct((id, type) => {
      if (type === I64 && own.includes(id)) {
        parts.push(struct.subarray(copied, thrift.at));
        const place = thrift.integer();
        // 0 is not an offset: the file starts with its magic.
        parts.push(Thrift.zigzag(place === 0 ? 0 : place + by));
        copied = thrift.at;
        return;
      }
      const within = inside[id];
      if (within === undefined) thrift.skip(type);
      else thrift.skip(type, () => walk(within));
    });
  };
  walk(places);
  return Buffer.concat([...parts, struct.subarray(copied)]);
}
