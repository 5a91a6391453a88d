// Bundles src/ into the folder given: JavaScript, styles, fonts and icons with hashed names, and manifest.json.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, "../src/lotone/web/static/built"));
mkdirSync(target, { recursive: true });

// Whatever lies in src/pages belongs to one capability's pages and is bundled without being listed anywhere.
const pages = (ending) => {
  const folder = join(here, "src/pages");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)).sort() : [];
};
const script = ['import "./main.ts";', ...pages(".ts").map((name) => `import "./pages/${name}";`)].join("\n");
const styles = ['@import "./styles/app.css";', ...pages(".css").map((name) => `@import "./pages/${name}";`)].join("\n");

const options = {
  bundle: true,
  minify: true,
  metafile: true,
  outdir: target,
  entryNames: "app-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "eof",
  logLevel: "warning",
  loader: { ".woff2": "file" },
};
const stdin = (contents, loader, sourcefile) => ({ contents, loader, sourcefile, resolveDir: join(here, "src") });
process.on("uncaughtException", (fault) => {
  if (!fault.errors) console.error(fault); // esbuild has told its own errors already
  process.exit(1);
});
const [js, css] = await Promise.all([
  esbuild.build({ ...options, stdin: stdin(script, "ts", "app.ts"), format: "esm", splitting: true, target: "es2022" }),
  esbuild.build({ ...options, stdin: stdin(styles, "css", "app.css"), target: ["chrome123", "firefox121", "safari17.5"] }),
]);

const manifest = {};
const built = (result) => Object.entries(result.metafile.outputs).map(([path, made]) => [basename(path), made, path]);
for (const [name, made] of built(js)) if (name.startsWith("app-") && made.entryPoint) manifest["app.js"] = name;
for (const [name, made] of built(css)) {
  if (made.entryPoint) manifest["app.css"] = name;
  else if (name.endsWith(".woff2")) manifest[basename(Object.keys(made.inputs)[0])] = name;
}

// One sprite of the icons that src/icons.json names; symbols keep Lucide's 24 px grid and take the text's colour.
const names = JSON.parse(readFileSync(join(here, "src/icons.json"), "utf8"));
const symbols = names.map((name) => {
  const svg = readFileSync(join(here, `node_modules/lucide-static/icons/${name}.svg`), "utf8");
  const inner = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" ` +
    `stroke-linecap="round" stroke-linejoin="round">${inner.replace(/\s+/g, " ").trim()}</symbol>`;
});
const sprite = `<svg xmlns="http://www.w3.org/2000/svg"><!-- Lucide icons, ISC licence, lucide.dev -->${symbols.join("\n")}</svg>`;
const hash = createHash("sha256").update(sprite).digest("hex").slice(0, 8).toUpperCase();
manifest["icons.svg"] = `icons-${hash}.svg`;
writeFileSync(join(target, manifest["icons.svg"]), sprite);
writeFileSync(join(target, "manifest.json"), JSON.stringify(manifest, null, 1));

for (const [path, made] of Object.entries({ ...js.metafile.outputs, ...css.metafile.outputs })) {
  if (made.bytes > 20_000) console.log(`${relative(target, resolve(path))} ${(made.bytes / 1024).toFixed(0)} kB`);
}
