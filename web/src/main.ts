// Everything that every page needs; charts and the Gantt are fetched when a page holds one.
import { startHtmx } from "./htmx";
import { defineLater } from "./lazy";
import { startMenus, startSide, startThread } from "./frame";
import { startPreferences } from "./preferences";
import { startToasts } from "./toast";
import { Age } from "./elements/age";
import { Live } from "./elements/live";
import { Palette } from "./elements/palette";
import { SortedTable } from "./elements/table";
import { Tabs } from "./elements/tabs";

customElements.define("lo-age", Age);
customElements.define("lo-live", Live);
customElements.define("lo-palette", Palette);
customElements.define("lo-table", SortedTable);
customElements.define("lo-tabs", Tabs);
defineLater("lo-trend", async () => (await import("./elements/trend")).Trend);
defineLater("lo-gantt", async () => (await import("./gantt/element")).Gantt);
defineLater("lo-load-profile", async () => (await import("./gantt/profile")).LoadProfile);

startHtmx();
startPreferences();
startMenus();
startSide();
startThread();
startToasts();
