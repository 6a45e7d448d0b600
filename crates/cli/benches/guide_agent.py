"""A plain agent as the vendor's guide describes one, up to the point where a model is asked: read every page, enrich,
count, flag, and write a Markdown report. The peer of the benchmark `vault`: nothing here is used by the product.

Usage: guide_agent.py BASE_URL TOKEN LOOKBACK_DAYS REPORT
"""

import collections
import concurrent.futures
import datetime
import sys

import requests


def main():
    base, token, days, report = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    session = requests.Session()
    adapter = requests.adapters.HTTPAdapter(pool_connections=4, pool_maxsize=4)
    session.mount("http://", adapter)
    session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})
    now = datetime.datetime.now(datetime.timezone.utc)
    since = int((now - datetime.timedelta(days=days)).timestamp() * 1000)

    rows, position, size = [], 0, 100
    while True:
        answer = session.get(
            f"{base}/api/request/auditor-requests",
            params={"from": since, "pgs": size, "pgp": position, "s": "created,desc", "rqt": 1},
        )
        answer.raise_for_status()
        page = answer.json()["data"]
        rows.extend(page)
        if len(page) < size:
            break
        position += size

    assets = {}
    wanted = sorted({row["entityId"] for row in rows if row.get("entityId")})

    def asset(name):
        answer = session.get(f"{base}/api/asset/asset/{name}")
        return name, answer.json() if answer.ok else None

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for name, record in pool.map(asset, wanted):
            assets[name] = record

    counts = collections.Counter(row["requestor"] for row in rows)
    lines = [f"# Report\n\n{len(rows)} requests, {len(assets)} assets\n"]
    for row in rows:
        created = datetime.datetime.fromtimestamp(row["created"] / 1000, datetime.timezone.utc)
        off = created.hour >= 18 or created.hour < 8
        age = (now - created).days
        record = assets.get(row.get("entityId")) or {}
        tags = [tag["path"] for tag in record.get("tags", [])]
        sensitive = any("Production" in tag for tag in tags) or "Domain Controllers" in record.get("path", "")
        points = 30 * sensitive + 10 * off + 15 * (counts[row["requestor"]] > 40) + 5 * (age > 7)
        risk = "critical" if points >= 80 else "high" if points >= 50 else "medium" if points >= 25 else "low"
        lines.append(
            f"## {row['entityName']} by {row['requestor']}: {risk}\n\n* {row['status']}, {age} days\n"
            f"* {record.get('path', '')} {', '.join(tags)}\n* {row['message']}\n* off hours: {off}, requests: {counts[row['requestor']]}\n"
        )
    with open(report, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


main()
