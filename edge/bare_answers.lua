-- Takes each message of a gRPC answer out of its wrapper: {movie: {…}} on the wire becomes the movie alone.
-- FIELD, the number of the wrapper's field, is set in front of this text.
-- The transcoder reads what comes out as the inner message, so that `response_body` is honoured, also in streams.

-- A varint of `text` at `at`: its value and the position after it.
local function varint(text, at)
  local value, scale = 0, 1
  while true do
    local byte = text:byte(at)
    at = at + 1
    value = value + (byte % 128) * scale
    if byte < 128 then
      return value, at
    end
    scale = scale * 128
  end
end

local function unwrapped(message, wanted)
  local at, found = 1, ""
  while at <= #message do
    local tag, size
    tag, at = varint(message, at)
    local kind = tag % 8
    if kind == 2 then
      size, at = varint(message, at)
      if (tag - kind) / 8 == wanted then
        found = found .. message:sub(at, at + size - 1) -- parts of one message merge
      end
      at = at + size
    elseif kind == 0 then
      _, at = varint(message, at)
    elseif kind == 1 then
      at = at + 8
    else
      at = at + 4
    end
  end
  return found
end

local function frame(message)
  local size = #message
  local byte = function(scale)
    return math.floor(size / scale) % 256
  end
  return string.char(0, byte(16777216), byte(65536), byte(256), byte(1)) .. message
end

function envoy_on_response(handle)
  local kind = handle:headers():get("content-type") or ""
  if kind:sub(1, 16) ~= "application/grpc" then
    return -- Envoy's own answer
  end
  local parts, have, need = {}, 0, 5 -- bytes; a frame is a flag, four bytes of length, and a message
  for chunk in handle:bodyChunks() do
    local length = chunk:length()
    if length > 0 then
      parts[#parts + 1] = chunk:getBytes(0, length)
      have = have + length
      local out = {}
      if have >= need then
        local pending, at = table.concat(parts), 1
        need = 5
        while have - at + 1 >= 5 do
          local flag, a, b, c, d = pending:byte(at, at + 4)
          local size = ((a * 256 + b) * 256 + c) * 256 + d
          if have - at + 1 < 5 + size then
            need = 5 + size
            break
          end
          local message = pending:sub(at + 5, at + 4 + size)
          if flag == 0 then
            out[#out + 1] = frame(unwrapped(message, FIELD))
          else
            out[#out + 1] = pending:sub(at, at + 4 + size) -- compressed: the transcoder refuses it
          end
          at = at + 5 + size
        end
        parts = { pending:sub(at) }
        have = #parts[1]
      end
      chunk:setBytes(table.concat(out))
    end
  end
end
