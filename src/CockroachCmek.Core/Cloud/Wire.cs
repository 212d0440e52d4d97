using System.Text.Json;
using System.Text.Json.Serialization;

namespace CockroachCmek.Core.Cloud;

// The API's shapes, version 2024-09-16 (cockroach-cloud-sdk-go internal/spec/openapi.json). Every field of an answer is
// optional here:
// the specification marks few as required, and older and newer versions leave some out.
internal sealed record WireOrganization(string? Id, string? Name, string? Label, DateTimeOffset? CreatedAt);

internal sealed record WireClusterList(List<WireCluster>? Clusters, WirePagination? Pagination);

internal sealed record WireNodeList(List<WireNode>? Nodes, WirePagination? Pagination);

internal sealed record WireBackupConfiguration(bool? Enabled, int? FrequencyMinutes, int? RetentionDays);

internal sealed record WireBackupList(List<WireBackup>? Backups);

internal sealed record WireBackup(string? Id, DateTimeOffset? AsOfTime);

internal sealed record WirePagination(string? NextPage);

internal sealed record WireNode(string? Name, string? RegionName, string? Status);

// machine_type since cockroach-cloud-sdk-go 8.0.0.
internal sealed record WireRegion(string? Name, string? SqlDns, int? NodeCount, bool? Primary, string? MachineType);

internal sealed record WireAvailableRegionList(List<WireAvailableRegion>? Regions, WirePagination? Pagination);

internal sealed record WireAvailableRegion(string? Name);

internal sealed record WireCluster(
    string? Id,
    string? Name,
    string? CockroachVersion,
    string? Plan,
    string? CloudProvider,
    string? AccountId,
    string? State,
    string? OperationStatus,
    string? NetworkVisibility,
    string? AzureClusterIdentityClientId,
    List<WireRegion>? Regions,
    DateTimeOffset? CreatedAt,
    DateTimeOffset? UpdatedAt
)
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Rest { get; set; }

    public CrdbCluster ToModel() =>
        new()
        {
            Id = WireName.Checked(Id, "id of a cluster"),
            Name = Name ?? "",
            CockroachVersion = CockroachVersion ?? "",
            Plan = Plan ?? "",
            CloudProvider = WireName.Checked(CloudProvider, "name of a cloud"),
            AccountId = WireName.Checked(AccountId, "id of an account"),
            State = State ?? "",
            // 2022-03-31 said CLUSTER_STATUS_UNSPECIFIED for what is UNSPECIFIED since.
            OperationStatus =
                OperationStatus is { } status && status.StartsWith("CLUSTER_STATUS_", StringComparison.Ordinal)
                    ? status.Substring("CLUSTER_STATUS_".Length)
                    : OperationStatus ?? "",
            NetworkVisibility = NetworkVisibility ?? "",
            AzureClusterIdentityClientId = WireName.Checked(AzureClusterIdentityClientId, "id of an application"),
            Regions =
            [
                .. (Regions ?? []).Select(r => new CrdbRegion
                {
                    Name = WireName.Checked(r.Name, "name of a region"),
                    NodeCount = r.NodeCount ?? 0,
                    IsPrimary = r.Primary ?? false,
                    SqlDns = r.SqlDns ?? "",
                    MachineType = r.MachineType ?? "",
                }),
            ],
            CreatedAt = CreatedAt,
            UpdatedAt = UpdatedAt,
            AdditionalFields = (Rest ?? []).ToDictionary(
                field => field.Key,
                field => VisibleText.Line(field.Value.GetRawText())
            ),
        };
}

internal sealed record WireKeySpec(string? Type, string? Uri, string? AuthPrincipal);

internal sealed record WireRegionSpec(string? Region, WireKeySpec? KeySpec)
{
    public static List<WireRegionSpec> From(IEnumerable<CmekRegionSpec> specs) =>
        [
            .. specs.Select(s => new WireRegionSpec(
                s.Region,
                new WireKeySpec(s.KeySpec.Type, s.KeySpec.Uri, s.KeySpec.AuthPrincipal)
            )),
        ];
}

internal sealed record WireCmekBody(List<WireRegionSpec> RegionSpecs);

internal sealed record WireCmekStatusBody(string Action);

internal sealed record WireClusterBody(WireDedicatedUpdate Dedicated);

internal sealed record WireDedicatedUpdate(
    IReadOnlyDictionary<string, int> RegionNodes,
    List<WireRegionSpec> CmekRegionSpecs,
    IReadOnlyDictionary<string, WireMachineSpec>? RegionMachineSpecs
);

internal sealed record WireMachineSpec(string MachineType);

internal sealed record WireCmekInfo(string? Status, List<WireRegionInfo>? RegionInfos)
{
    public CmekInfo ToModel(CrdbCluster cluster) =>
        new()
        {
            Cluster = cluster,
            Status = string.IsNullOrEmpty(Status) ? CmekStatus.Disabled : Status!,
            Regions = [.. (RegionInfos ?? []).OrderBy(r => r.Region, StringComparer.Ordinal).Select(r => r.ToModel())],
        };
}

internal sealed record WireRegionInfo(string? Region, string? Status, List<WireKeyInfo>? KeyInfos)
{
    public CmekRegionInfo ToModel() =>
        new()
        {
            Region = WireName.Checked(Region, "name of a region"),
            Status = Status ?? "",
            // The API promises no order; what is in force or on its way comes first, then what was used last.
            Keys =
            [
                .. (KeyInfos ?? [])
                    .Select(k => k.ToModel())
                    .OrderBy(k => k.Status is CmekStatus.Enabled or CmekStatus.Enabling ? 0 : 1)
                    .ThenByDescending(k => k.CreatedAt),
            ],
        };
}

internal sealed record WireKeyInfo(
    WireKeySpec? Spec,
    string? Status,
    string? UserMessage,
    DateTimeOffset? CreatedAt,
    DateTimeOffset? UpdatedAt
)
{
    public CmekKeyInfo ToModel() =>
        new()
        {
            KeyType = Spec?.Type ?? "",
            KeyUri = Spec?.Uri ?? "",
            AuthPrincipal = Spec?.AuthPrincipal ?? "",
            Status = Status ?? "",
            UserMessage = UserMessage ?? "",
            CreatedAt = CreatedAt,
            UpdatedAt = UpdatedAt,
        };
}
