-- Mix of calls for wrk, per mille: 360 user, 220 order, 70 page, 60 gzip, 25 large, 40 chunked,
-- 155 POST, 40 PUT, 20 DELETE, 10 missing. Every target and every body carries the same number.
-- Arguments: requests to send in all (0: no end), "close" for one exchange per connection,
-- milliseconds to wait before each request (0: none).

local kinds = {
  { 360, "GET", "/api/users/" },
  { 220, "GET", "/api/orders/" },
  { 70, "GET", "/pages/" },
  { 60, "GET", "/reports/" },
  { 25, "GET", "/large/" },
  { 40, "GET", "/stream/" },
  { 155, "POST", "/api/orders/" },
  { 40, "PUT", "/api/users/" },
  { 20, "DELETE", "/api/orders/" },
  { 10, "GET", "/missing/" },
}

local schedule = {}
for _, kind in ipairs(kinds) do
  for _ = 1, kind[1] do
    schedule[#schedule + 1] = kind
  end
end
-- A fixed shuffle: the same capture contents on every machine.
local seed = 20261124
for i = #schedule, 2, -1 do
  seed = (seed * 1103515245 + 12345) % 2147483648
  local j = math.floor(seed / 65536) % i + 1
  schedule[i], schedule[j] = schedule[j], schedule[i]
end

local number = 0
local last = 0
local headers = {
  ["Host"] = "shop.bench",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) bench/1.0",
  ["Accept"] = "application/json, text/plain;q=0.9",
  ["Authorization"] = "Bearer 0123456789abcdef0123456789abcdef",
  ["X-Request-Source"] = "bench",
}

function init(arguments)
  last = tonumber(arguments[1] or "0")
  if arguments[2] == "close" then
    headers["Connection"] = "close"
  end
  local wait = tonumber(arguments[3] or "0")
  if wait > 0 then
    function delay()
      return wait
    end
  end
end

function request()
  number = number + 1
  if last > 0 and number > last then
    wrk.thread:stop()
  end
  local kind = schedule[(number - 1) % #schedule + 1]
  local body = nil
  headers["Content-Type"] = nil
  headers["Accept-Encoding"] = nil
  if kind[3] == "/reports/" then
    headers["Accept-Encoding"] = "gzip"
  end
  if kind[2] == "POST" or kind[2] == "PUT" then
    headers["Content-Type"] = "application/json"
    body = '{"number":' .. number .. ',"items":[{"sku":"A-100","quantity":2},{"sku":"B-7","quantity":1}],"note":"bench"}'
  end
  return wrk.format(kind[2], kind[3] .. number, headers, body)
end
