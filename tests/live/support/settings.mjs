// Settings of the Holdfasts under test, as TOML.

const isTable = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTables = (value) => Array.isArray(value) && value.length > 0 && value.every(isTable);

/** Writes { section: { key: value } } and lists of tables as TOML. */
export function toml(tables, path = '') {
  let text = '';
  for (const [key, value] of Object.entries(tables)) {
    if (!isTable(value) && !isTables(value)) text += `${key} = ${JSON.stringify(value)}\n`;
  }
  for (const [key, value] of Object.entries(tables)) {
    const name = path ? `${path}.${key}` : key;
    if (isTable(value)) text += `\n[${name}]\n${toml(value, name)}`;
    if (isTables(value)) for (const table of value) text += `\n[[${name}]]\n${toml(table, name)}`;
  }
  return text;
}

/** `count` Mosquitto nodes that Holdfast starts itself. */
export const localCluster = (name, count = 2, more = {}) => ({ name, source: 'local', nodes: count, ...more });

/** Nodes that run already: { name: port }. */
export const staticCluster = (name, nodes, more = {}) => ({
  name,
  source: 'static',
  ...more,
  node: Object.entries(nodes).map(([node, port]) => ({ name: node, address: `127.0.0.1:${port}` })),
});

/** Free ports, quick probes that are patient with a busy machine, refusals without delay, and a log that tells everything. */
export const testSettings = {
  log: { level: 'debug' },
  gateway: { listen: ['127.0.0.1:0'], threads: 2, refusal_delay: '0s' },
  admin: { listen: '127.0.0.1:0' },
  rpc: { listen: [] },
  probe: { interval: '200ms', timeout: '3s', down_time: '0s' },
  local: { restart_backoff_min: '100ms' },
};

export function merged(base, more) {
  const result = { ...base };
  for (const [key, value] of Object.entries(more)) {
    result[key] = isTable(value) && isTable(base[key]) ? merged(base[key], value) : value;
  }
  return result;
}
