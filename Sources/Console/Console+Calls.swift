import Approvals
import Identity
import Postgres

extension Console {
    /// Recent calls and refusals, for those who see everything.
    func callsPage(
        _ request: ConsoleRequest,
        _ viewer: Viewer,
        at now: UnixTime
    ) throws(ApprovalError) -> ConsoleResponse {
        guard viewer.isStandard else { return pages.message(.notForYou, viewer.session) }
        let filter: CallFilter
        do throws(RequestError) {
            filter = try CallFilter(request.query)
        } catch {
            return pages.refusal(error)
        }
        let (rows, chart) = try database { () throws(PostgresError) in
            (try audit.calls(filter), try audit.chart(filter))
        }
        let shown = rows.prefix(AuditReader.pageSize)
        let hasMore = rows.count > shown.count
        let page = CallsPage(
            frame: pages.frame("Calls", .calls, viewer.session),
            periods: CallFilter.Period.allCases.map {
                Choice(value: $0.rawValue, choiceLabel: $0.label, isSelected: $0 == filter.period)
            },
            results: CallFilter.Result.allCases.map {
                Choice(value: $0.rawValue, choiceLabel: $0.label, isSelected: $0 == filter.result)
            },
            filterSubject: filter.subject ?? "",
            filterOperation: filter.operation ?? "",
            filterQuery: filter.query ?? "",
            lines: shown.map { CallLine($0, base: pages.base, now: now) },
            isEmpty: shown.isEmpty,
            chart: CallChart(chart, period: filter.period),
            older: hasMore
                ? shown.last.map { pages.base + Route.calls.path + "?" + filter.queryString(before: $0.time) } : nil
        )
        return pages.page(page, "calls")
    }

    /// One call or refusal with its records' places in the chain.
    func callPage(_ id: ApprovalID, _ viewer: Viewer, at now: UnixTime) throws(ApprovalError) -> ConsoleResponse {
        guard viewer.isStandard else { return pages.message(.notForYou, viewer.session) }
        let records = try database { () throws(PostgresError) in try audit.records(id: id.text) }
        guard let first = records.first else { return pages.message(.noSuchRequest, viewer.session) }
        let parameters = try database { () throws(PostgresError) in
            try first["parameters"].map { (json) throws(PostgresError) in try audit.parameterRows(json) }
        }
        let operation = first["operation"] ?? first["event"] ?? ""
        let page = CallPage(
            frame: pages.frame(OperationWords.text(operation, []), .calls, viewer.session),
            heading: OperationWords.text(operation, []),
            operation: operation,
            resultBadge: CallLine.badge(result: first["decision"] ?? first["event"] ?? ""),
            records: records.map { RecordSection($0, now: now) },
            parameterRows: parameters ?? [],
            hasParameters: !(parameters ?? []).isEmpty,
            approvalHref: first["approval_id"].flatMap(ApprovalID.init(parsing:)).map {
                pages.base + Route.approval($0).path
            }
        )
        return pages.page(page, "call")
    }
}
