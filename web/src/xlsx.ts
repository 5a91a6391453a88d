// A table as an Excel workbook (ECMA-376 transitional): one sheet, a bold and fixed first row, numbers as numbers.
const TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const SHEET_NAME_MAX = 31;
const CELL_MAX = 32767;
const WIDTH_MAX = 60;

export type Cell = string | number | null;

/** A workbook with one sheet. The first row is its heading. */
export function workbook(name: string, rows: Cell[][]): Blob {
  const files: [string, string][] = [
    ["[Content_Types].xml", `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`],
    ["_rels/.rels", relations([["officeDocument", "xl/workbook.xml"]])],
    ["xl/workbook.xml", `<workbook xmlns="${MAIN}" xmlns:r="${DOCUMENT}"><sheets><sheet name="${escaped(sheetName(name))}" sheetId="1" r:id="rId1"/></sheets></workbook>`],
    ["xl/_rels/workbook.xml.rels", relations([["worksheet", "worksheets/sheet1.xml"], ["styles", "styles.xml"]])],
    ["xl/styles.xml", `<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`],
    ["xl/worksheets/sheet1.xml", sheet(rows)],
  ];
  return new Blob(zipped(files.map(([path, text]) => [path, new TextEncoder().encode(HEAD + text)])), { type: TYPE });
}

function relations(targets: [string, string][]): string {
  const each = targets.map(([kind, target], index) => `<Relationship Id="rId${index + 1}" Type="${DOCUMENT}/${kind}" Target="${target}"/>`);
  return `<Relationships xmlns="${PACKAGE}/relationships">${each.join("")}</Relationships>`;
}

function sheetName(name: string): string {
  return name.replace(/[\\/?*[\]:']/g, " ").trim().slice(0, SHEET_NAME_MAX) || "table";
}

function sheet(rows: Cell[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.min(WIDTH_MAX, Math.max(8, ...rows.slice(0, 200).map((row) => String(row[column] ?? "").length + 2))));
  const columns = widths.map((width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`).join("");
  const lines = rows.map((row, line) => `<row r="${line + 1}">${row.map((value, column) => cell(value, `${letters(column)}${line + 1}`, line === 0)).join("")}</row>`);
  const fixed = '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>';
  return `<worksheet xmlns="${MAIN}">${fixed}${columns ? `<cols>${columns}</cols>` : ""}<sheetData>${lines.join("")}</sheetData></worksheet>`;
}

function cell(value: Cell, place: string, isHead: boolean): string {
  const style = isHead ? ' s="1"' : "";
  if (value === null || value === "") return `<c r="${place}"${style}/>`;
  if (typeof value === "number") return `<c r="${place}"${style}><v>${value}</v></c>`;
  return `<c r="${place}"${style} t="inlineStr"><is><t xml:space="preserve">${escaped(value.slice(0, CELL_MAX))}</t></is></c>`;
}

function letters(column: number): string {
  return (column >= 26 ? letters(Math.floor(column / 26) - 1) : "") + String.fromCharCode(65 + (column % 26));
}

function escaped(text: string): string {
  const allowed = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "");
  return allowed.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** A zip archive whose files are stored as they are (PKWARE APPNOTE 4.3, method 0). */
function zipped(files: [string, Uint8Array][]): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let offset = 0;
  for (const [path, content] of files) {
    const name = new TextEncoder().encode(path);
    const about = [0x0800, 0, 0, 0x5a21, checksum(content), content.length, content.length, name.length, 0];
    const sizes = [2, 2, 2, 2, 4, 4, 4, 2, 2];
    const local = numbers([0x04034b50, 20, ...about], [4, 2, ...sizes]);
    entries.push(numbers([0x02014b50, 20, 20, ...about, 0, 0, 0, 0, offset], [4, 2, 2, ...sizes, 2, 2, 2, 4, 4]), name);
    parts.push(local, name, content);
    offset += local.length + name.length + content.length;
  }
  const size = entries.reduce((sum, entry) => sum + entry.length, 0);
  const end = numbers([0x06054b50, 0, 0, files.length, files.length, size, offset, 0], [4, 2, 2, 2, 2, 4, 4, 2]);
  return [...parts, ...entries, end] as Uint8Array<ArrayBuffer>[];
}

/** Numbers as little-endian bytes of the given sizes. */
function numbers(values: number[], sizes: number[]): Uint8Array {
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  values.forEach((value, index) => {
    for (let byte = 0; byte < (sizes[index] ?? 0); byte += 1) bytes[at++] = (value >>> (8 * byte)) & 0xff;
  });
  return bytes;
}

const CRC = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function checksum(content: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of content) crc = (CRC[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
