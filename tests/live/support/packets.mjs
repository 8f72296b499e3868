// MQTT packets as bytes, correct ones and others.

const text = (value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

export function variableInteger(value) {
  const bytes = [];
  do {
    const more = value >= 128;
    bytes.push((value & 0x7f) | (more ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return Buffer.from(bytes);
}

export const packet = (firstByte, ...body) => {
  const bytes = Buffer.concat(body.map((piece) => Buffer.from(piece)));
  return Buffer.concat([Buffer.from([firstByte]), variableInteger(bytes.length), bytes]);
};

/**
 * A CONNECT. `level` 3, 4, 5, or any other; `name` and `flags` are what belongs to it unless given. `properties`: the bytes of the
 * block, without its length; `tail`: bytes after the last field.
 */
export function connect({
  level = 4,
  name = (level & 0x7f) === 3 ? 'MQIsdp' : 'MQTT',
  clientId = 'raw',
  clean = true,
  keepAlive = 60,
  username,
  password,
  flags = (clean ? 0x02 : 0) | (username === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40),
  properties = [],
  tail = [],
} = {}) {
  const block = (level & 0x7f) === 5 ? [variableInteger(properties.length), properties] : [];
  return packet(
    0x10,
    text(name),
    [level, flags, keepAlive >> 8, keepAlive & 0xff],
    ...block,
    typeof clientId === 'string' ? text(clientId) : clientId,
    username === undefined ? [] : text(username),
    password === undefined ? [] : text(password),
    tail,
  );
}

export const subscribe = (id, topic, { level = 4, qos = 0 } = {}) =>
  packet(0x82, [id >> 8, id & 0xff], level === 5 ? [0] : [], text(topic), [qos]);

export const publish = (topic, payload, { level = 4 } = {}) => packet(0x30, text(topic), level === 5 ? [0] : [], Buffer.from(payload));

export const pingreq = Buffer.from([0xc0, 0]);
export const disconnect = Buffer.from([0xe0, 0]);


/** Cuts bytes into whole packets, as hex; what is left over is the last one. */
export function packetsOf(bytes) {
  const packets = [];
  let at = 0;
  while (at < bytes.length) {
    let length = 0;
    let digit = 0;
    do length += (bytes[at + 1 + digit] & 0x7f) * 128 ** digit;
    while (bytes[at + 1 + digit++] & 0x80);
    const end = at + 1 + digit + length;
    packets.push(bytes.subarray(at, end).toString('hex'));
    at = end;
  }
  return packets;
}
