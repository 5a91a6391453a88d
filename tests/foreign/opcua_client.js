// Reads nodes of an OPC UA server with node-opcua and prints their values as one JSON line: node opcua_client.js URL NODE...
const { OPCUAClient, AttributeIds, MessageSecurityMode, SecurityPolicy } = require("node-opcua");

const [url, ...nodes] = process.argv.slice(2);
const client = OPCUAClient.create({
  endpointMustExist: false,
  securityMode: MessageSecurityMode.None,
  securityPolicy: SecurityPolicy.None,
  connectionStrategy: { maxRetry: 3, initialDelay: 200 },
});

(async () => {
  await client.connect(url);
  const session = await client.createSession();
  const values = await session.read(nodes.map((nodeId) => ({ nodeId, attributeId: AttributeIds.Value })));
  const shown = values.map((one) => ({
    status: one.statusCode.name,
    value: Array.isArray(one.value.value) ? Number(one.value.value[1]) : one.value.value,
    time: one.sourceTimestamp,
  }));
  const values_of = Object.fromEntries(nodes.map((node, place) => [node, shown[place]]));
  console.log(JSON.stringify({ event: "read", values: values_of }));
  await session.close();
  await client.disconnect();
})().catch((fault) => {
  console.error(String(fault));
  process.exit(1);
});
