using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Cloud KMS: import jobs and imported versions, which HashiCorp Vault uses to distribute keys.</summary>
internal sealed class KmsImports(SandboxClock clock, GcpData data, GcpAccess access, KmsRings rings, KmsKeys keys)
{
    /// <summary>Handles requests about imports; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call)
    {
        switch (call.Route)
        {
            case "POST locations/*/keyRings/*/importJobs":
                return Create(call);
            case "GET locations/*/keyRings/*/importJobs":
                call.AllowQuery("filter", "orderBy", "pageSize", "pageToken");
                access.Require(call.Principal, "cloudkms.importJobs.list", call.Parent(1));
                rings.RequireRing(call.Parent(1));
                return call.Page(
                    "importJobs",
                    data.ImportJobs.Values.Where(j => j.Name.StartsWith(call.Name + "/", StringComparison.Ordinal))
                        .Select(j => j.ToJson(clock.UtcNow)),
                    1000,
                    withTotal: true
                );
            case "GET locations/*/keyRings/*/importJobs/*":
                call.AllowQuery();
                access.Require(call.Principal, "cloudkms.importJobs.get", call.Name);
                rings.RequireRing(call.Parent(2));
                return (
                    data.ImportJobs.TryGetValue(call.Name, out var job)
                        ? job
                        : throw GcpException.NotFound($"ImportJob {call.Name}")
                ).ToJson(clock.UtcNow);
            case "POST locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions:import":
                return Import(call);
            default:
                return null;
        }
    }

    private JsonObject Create(GcpCall call)
    {
        call.AllowQuery("importJobId");
        access.Require(call.Principal, "cloudkms.importJobs.create", call.Parent(1));
        rings.RequireRing(call.Parent(1));
        GcpJson.AllowFields(call.Body, "import_job", "name", "importMethod", "protectionLevel", "createTime", "state");
        var id = call.Argument("importJobId");
        if (!KmsRings.IsId(id))
            throw GcpException.Invalid($"The import_job_id '{id}' must match [a-zA-Z0-9_-]{{1,63}}.");
        var (method, level) = (
            GcpJson.Text(call.Body, "importMethod") ?? "",
            GcpJson.Text(call.Body, "protectionLevel") ?? ""
        );
        if (!Regex.IsMatch(method, "^RSA_OAEP_(3072|4096)_(SHA1_AES_256|SHA256|SHA256_AES_256)$"))
            throw GcpException.Invalid($"The import_method {method} is not valid.");
        if (level is not ("SOFTWARE" or "HSM"))
            throw GcpException.Invalid(
                $"The protection level of an import job must be SOFTWARE or HSM, not '{level}'."
            );
        var name = $"{call.Name}/{id}";
        if (data.ImportJobs.ContainsKey(name))
            throw GcpException.Exists($"ImportJob {name}");
        return (data.ImportJobs[name] = new ImportJob(name, method, level, clock.UtcNow)).ToJson(clock.UtcNow);
    }

    private JsonObject Import(GcpCall call)
    {
        call.AllowQuery();
        GcpJson.AllowFields(
            call.Body,
            "",
            "importJob",
            "algorithm",
            "wrappedKey",
            "rsaAesWrappedKey",
            "cryptoKeyVersion"
        );
        access.Require(call.Principal, "cloudkms.cryptoKeyVersions.create", call.Parent(1));
        var jobName = GcpJson.Text(call.Body, "importJob") ?? throw GcpException.Invalid("The import_job is missing.");
        access.Require(call.Principal, "cloudkms.importJobs.useToImport", jobName);
        var key = keys.FindExisting(call.Parent(1));
        if (!data.ImportJobs.TryGetValue(jobName, out var job))
            throw GcpException.NotFound($"ImportJob {jobName}");
        if (!jobName.StartsWith(call.Parent(3) + "/importJobs/", StringComparison.Ordinal))
            throw GcpException.Invalid("The import job is in another key ring than the key.");
        if (job.ProtectionLevel != key.ProtectionLevel)
            throw GcpException.Invalid(
                $"The protection level of the import job is {job.ProtectionLevel}, "
                    + $"that of the key is {key.ProtectionLevel}."
            );
        if (job.State(clock.UtcNow) is not "ACTIVE" and var state)
            throw GcpException.Precondition($"The import job {jobName} is {state}, not ACTIVE.");
        if (key.Purpose != "ENCRYPT_DECRYPT" || GcpJson.Text(call.Body, "algorithm") != "GOOGLE_SYMMETRIC_ENCRYPTION")
            throw GcpException.Invalid("This sandbox imports material of GOOGLE_SYMMETRIC_ENCRYPTION only.");
        if (GcpJson.Text(call.Body, "cryptoKeyVersion") is not null)
            throw GcpException.Invalid("This sandbox does not import into a version that exists.");
        var hasWrappedKey = GcpJson.Text(call.Body, "wrappedKey") is not null;
        if (hasWrappedKey == GcpJson.Text(call.Body, "rsaAesWrappedKey") is not null)
            throw GcpException.Invalid("Either wrapped_key or rsa_aes_wrapped_key must be set.");
        var field = hasWrappedKey ? "wrappedKey" : "rsaAesWrappedKey";
        return AddVersion(key, job, GcpJson.Bytes(call.Body, field));
    }

    private JsonObject AddVersion(CryptoKey key, ImportJob job, byte[] wrapped)
    {
        var material = job.Unwrap(wrapped);
        var failure =
            material is null ? "The wrapped key could not be unwrapped with the key of the import job."
            : material.Length == 32 ? null
            : $"The key material has {material.Length} bytes instead of 32.";
        return key.AddImported(clock.UtcNow, job.Name, failure is null ? material : null, failure).ToJson();
    }
}
