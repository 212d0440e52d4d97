using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Makes and undoes changes of access, exactly what their documents say, and reads back.</summary>
internal sealed class GcpKeyAccessWriter(GcpClients clients, GcpCalls calls)
{
    private static readonly JsonSerializerOptions Printed = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly GcpPolicyWriter _policies = new(calls);
    private readonly GcpKeyReader _reader = new(clients, calls);

    public static string Print(JsonArray document) => document.ToJsonString(Printed);

    public async Task<CmekAccessChange> RevokeAsync(CmekAccessChange change)
    {
        switch (change.Kind)
        {
            case GcpKeyAccess.BindingKind:
                var bindings = Bindings(change);
                if (
                    await ChangeAsync(
                        change,
                        policy => bindings.Aggregate(false, (changed, b) => policy.Remove(b) | changed),
                        policy => !bindings.Any(policy.HasAny)
                    )
                )
                    calls.Context.Log.Warning(
                        $"The binding is gone from {change.Target}, but Google Cloud typically takes two minutes, and may take seven or more, until the access ends everywhere (cloud.google.com/iam/docs/access-change-propagation)."
                    );
                break;
            case GcpKeyAccess.VersionsKind:
                if (await SwitchAsync(change, from: "ENABLED", to: "DISABLED"))
                    calls.Context.Log.Warning(
                        $"The versions of {change.Target} are disabled, but Google Cloud typically takes a minute, and in rare cases hours, until none of them is used any more (cloud.google.com/kms/docs/consistency)."
                    );
                break;
            default:
                throw Errors.BadAnswer(change.Target, $"'{change.Kind}' is no kind of change that Google Cloud has");
        }

        return change with
        {
            State = CmekAccessChangeState.Done,
            Fault = "",
        };
    }

    public async Task<CmekAccessChange> RestoreAsync(CmekAccessChange change)
    {
        switch (change.Kind)
        {
            case GcpKeyAccess.BindingKind:
                var bindings = Bindings(change);
                await ChangeAsync(
                    change,
                    policy => bindings.Aggregate(false, (changed, b) => policy.Add(b) | changed),
                    policy => bindings.All(policy.Has)
                );
                break;
            case GcpKeyAccess.VersionsKind:
                await SwitchAsync(change, from: "DISABLED", to: "ENABLED");
                break;
            default:
                throw Errors.BadAnswer(change.Target, $"'{change.Kind}' is no kind of change that Google Cloud has");
        }

        return change with
        {
            State = CmekAccessChangeState.Restored,
            Fault = "",
        };
    }

    private async Task<bool> ChangeAsync(
        CmekAccessChange change,
        Func<IamPolicy, bool> write,
        Func<IamPolicy, bool> isSo
    )
    {
        IGcpPolicies api = change.Target.Contains("/serviceAccounts/") ? clients.Iam : clients.Kms;
        var service = ReferenceEquals(api, clients.Iam) ? "IAM" : "KMS";
        var written = await _policies.ChangeAsync(api, service, change.Target, write, _ => false);
        if (written)
            await _policies.ConfirmAsync(api, service, change.Target, isSo);
        return written;
    }

    /// <summary>Moves the versions of the document from one state to the other; true when one had to be.</summary>
    private async Task<bool> SwitchAsync(CmekAccessChange change, string from, string to)
    {
        var name = GcpKeyName.Parse(change.Target);
        var wanted = Parse(change).Select(n => (string?)n ?? "").ToList();
        var versions = (await _reader.VersionsAsync(name)).Where(v => wanted.Contains(v.Name ?? "")).ToList();
        if (to == "ENABLED" && versions.FirstOrDefault(v => v.State is "DESTROYED" or "DESTROY_SCHEDULED") is { } lost)
            throw GcpErrors.KeyPendingDeletion(name, lost.Id, lost.State!, lost.DestroyTime);
        var moving = versions.Where(v => v.State == from).ToList();
        foreach (var version in moving)
            await SetAsync(name, version.Name!, to);
        if (moving.Count > 0)
        {
            await calls.PollUntilAsync(
                async () =>
                    (await _reader.VersionsAsync(name))
                        .Where(v => moving.Any(m => m.Name == v.Name))
                        .All(v => v.State == to),
                GcpPolicyWriter.Propagation,
                GcpPolicyWriter.Pause,
                () => GcpErrors.VersionNotReady(name, string.Join(", ", moving.Select(v => v.Id)), from)
            );
        }

        return moving.Count > 0;
    }

    private async Task SetAsync(GcpKeyName name, string version, string state)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                await calls.WriteAsync("KMS", $"cryptoKeyVersions.patch {state}", version, c =>
                    clients.Kms.UpdateCryptoKeyVersionStateAsync(version, state, c)
                );
                return;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                if ((await _reader.VersionsAsync(name)).Any(v => v.Name == version && v.State == state))
                    return;
                if (round == 3)
                    throw;
            }
        }
    }

    private static List<JsonObject> Bindings(CmekAccessChange change) => [.. Parse(change).OfType<JsonObject>()];

    private static JsonArray Parse(CmekAccessChange change)
    {
        try
        {
            return JsonNode.Parse(change.Document) as JsonArray
                ?? throw Errors.BadAnswer(change.Target, "the document of the change is no list");
        }
        catch (JsonException fault)
        {
            throw Errors.BadAnswer(change.Target, "the document of the change is no JSON", fault);
        }
    }
}
