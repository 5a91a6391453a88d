// An edge node made with the Sparkplug client of Eclipse Tahu: births, ten data messages, commands printed as JSON lines.
const sparkplug = require("sparkplug-client");

const [port, user, password, group, node] = process.argv.slice(2);
const say = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));
const client = sparkplug.newClient({
  serverUrl: `mqtt://127.0.0.1:${port}`,
  username: user,
  password,
  groupId: group,
  edgeNode: node,
  clientId: "foreign-edge",
  version: "spBv1.0",
  keepalive: 5,
});

const metric = (name, value, type) => ({ name, value, type, timestamp: Date.now() });
let count = 0;

client.on("birth", () => {
  client.publishNodeBirth({
    timestamp: Date.now(),
    metrics: [metric("Node Control/Rebirth", false, "Boolean")],
  });
  client.publishDeviceBirth("machine", {
    timestamp: Date.now(),
    metrics: [
      metric("temperature", 20.5, "Double"),
      metric("offset", -3, "Int32"),
      metric("total", -5000000000, "Int64"),
      metric("ready", true, "Boolean"),
      metric("recipe", "blue", "String"),
      metric("speed", 1.5, "Float"),
      metric("request", 0, "UInt32"),
    ],
  });
  say("born");
});

client.on("ncmd", (payload) => {
  if (payload.metrics.some((one) => one.name === "Node Control/Rebirth" && one.value)) say("rebirth");
});
client.on("dcmd", (device, payload) => {
  const values = payload.metrics.map((one) => [one.name, typeof one.value === "object" ? Number(one.value) : one.value]);
  say("command", { device, values });
});
client.on("error", (fault) => say("error", { fault: String(fault) }));

process.stdin.on("data", () => {
  for (let number = 0; number < 10; number += 1) {
    count += 1;
    client.publishDeviceData("machine", {
      timestamp: Date.now() + number,
      metrics: [{ name: "temperature", value: 100 + count, type: "Double", timestamp: Date.now() + number }],
    });
  }
  say("sent", { count });
});
process.stdin.on("end", () => {
  client.stop();
  setTimeout(() => process.exit(0), 300);
});
