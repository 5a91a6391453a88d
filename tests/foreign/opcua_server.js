// An OPC UA server made with node-opcua: a temperature with history, a writable speed. Takes values as JSON lines on stdin.
const { OPCUAServer, DataType, StatusCodes } = require("node-opcua");

const port = Number(process.argv[2]);
const say = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));

(async () => {
  const server = new OPCUAServer({
    port,
    hostname: "127.0.0.1",
    resourcePath: "/press",
    securityPolicies: ["http://opcfoundation.org/UA/SecurityPolicy#None"],
    securityModes: [1],
    allowAnonymous: true,
    buildInfo: { productName: "ForeignPress" },
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.getOwnNamespace();
  const press = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Press" });
  const temperature = own.addVariable({
    componentOf: press,
    browseName: "Temperature",
    nodeId: "s=temperature",
    dataType: "Double",
    value: { dataType: DataType.Double, value: 20.5 },
  });
  space.installHistoricalDataNode(temperature);
  const variable = (browseName, nodeId, dataType, value) =>
    own.addVariable({
      componentOf: press,
      browseName,
      nodeId,
      dataType,
      userAccessLevel: "CurrentRead | CurrentWrite",
      value: { dataType: DataType[dataType], value },
    });
  const speed = variable("Speed", "s=speed", "Float", 0);
  const request = variable("Request", "s=request", "UInt32", 0);
  for (const node of [speed, request]) {
    node.on("value_changed", (given) => say("written", { name: node.browseName.name, value: given.value.value }));
  }
  await server.start();
  say("ready", { endpoint: server.getEndpointUrl() });
  let text = "";
  process.stdin.on("data", (chunk) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop();
    for (const line of lines.filter(Boolean)) {
      const { value, time } = JSON.parse(line);
      temperature.setValueFromSource({ dataType: DataType.Double, value }, StatusCodes.Good, new Date(time));
    }
  });
  process.stdin.on("end", async () => {
    await server.shutdown(100);
    process.exit(0);
  });
})().catch((fault) => {
  say("error", { fault: String(fault && fault.stack) });
  process.exit(1);
});
