import Testing

@testable import Metrics

@Suite("Metrics")
struct MetricsTests {
    private func page(_ family: some Family) -> String {
        var page = MetricsPage()
        family.write(into: &page)
        return page.text
    }

    @Test("Counts by label values, in their order")
    func counts() {
        let family = CounterFamily("calls_total", help: "Calls.", labels: ["service", "status"])
        family.add(["s3", "200"])
        family.add(["ec2", "403"], count: 2)
        family.add(["s3", "200"])
        #expect(
            page(family) == """
                # HELP calls_total Calls.
                # TYPE calls_total counter
                calls_total{service="ec2",status="403"} 2
                calls_total{service="s3",status="200"} 2

                """
        )
    }

    @Test("Keeps no more label values than its limit; what comes after is other")
    func bounds() {
        let family = CounterFamily("calls_total", help: "Calls.", labels: ["service"], limit: 2)
        for service in ["a", "b", "c", "d", "a"] { family.add([service]) }
        #expect(page(family).contains("{service=\"a\"} 2\n"))
        #expect(page(family).contains("{service=\"other\"} 2\n"))
        #expect(!page(family).contains("\"c\""))
    }

    @Test("Escapes label values, so that none of them makes a line of its own")
    func escapes() {
        let family = CounterFamily("x_total", help: "X.", labels: ["l"])
        family.add(["a\"} 1\nb\\"])
        #expect(page(family).hasSuffix("x_total{l=\"a\\\"} 1\\nb\\\\\"} 1\n"))
    }

    @Test("Sums buckets up to the next bound, a value on the bound within it")
    func buckets() {
        let family = HistogramFamily("stage_seconds", help: "Stages.", label: "stage")
        family.observe([("decide", 50), ("decide", 51), ("decide", 70_000_000), ("decide", -1)])
        let text = page(family)
        #expect(text.contains("stage_seconds_bucket{stage=\"decide\",le=\"0.00005\"} 2\n"))
        #expect(text.contains("stage_seconds_bucket{stage=\"decide\",le=\"0.0001\"} 3\n"))
        #expect(text.contains("stage_seconds_bucket{stage=\"decide\",le=\"60\"} 3\n"))
        #expect(text.contains("stage_seconds_bucket{stage=\"decide\",le=\"+Inf\"} 4\n"))
        #expect(text.contains("stage_seconds_sum{stage=\"decide\"} 70.000101\n"))
        #expect(text.contains("stage_seconds_count{stage=\"decide\"} 4\n"))
    }

    @Test("Counts what is under way")
    func gauges() {
        let gauge = Gauge("held", help: "Held.")
        let inside = gauge.during { page(gauge) }
        #expect(inside.hasSuffix("held 1\n"))
        #expect(page(gauge).hasSuffix("held 0\n"))
    }

    @Test(
        "Writes microseconds as seconds",
        arguments: [(0, "0"), (1, "0.000001"), (1_500_000, "1.5"), (60_000_000, "60")]
    )
    func seconds(_ microseconds: Int64, _ text: String) {
        #expect(MetricsPage.seconds(microseconds) == text)
    }

    @Test("Says of a process what it is, since when it runs and what it takes")
    func process() {
        var page = MetricsPage()
        page.process("postern-x", version: "1.2.3", started: 1_700_000_000)
        page.threads(limit: 4, [("busy", 1), ("idle", 3)])
        #expect(page.text.contains("postern_build_info{program=\"postern-x\",version=\"1.2.3\"} 1\n"))
        #expect(page.text.contains("process_start_time_seconds 1700000000\n"))
        let resident = page.text.split(separator: "\n").first { $0.hasPrefix("process_resident_memory_bytes ") }
        #expect(resident?.split(separator: " ").last.flatMap { Int($0) } ?? 0 > 1_000_000)
        #expect(page.text.contains("postern_threads{state=\"busy\"} 1\npostern_threads{state=\"idle\"} 3\n"))
        #expect(page.text.split(separator: "\n").count { $0 == "# TYPE postern_threads gauge" } == 1)
    }
}
