using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Checks a key against the user's own rules.</summary>
internal sealed class GcpKeyRules(KeyChecks results, KeyCheckRequest request)
{
    /// <summary>The API's default for a key that was created without one (cloudkms v1, destroyScheduledDuration).</summary>
    private static readonly TimeSpan DefaultWindow = TimeSpan.FromDays(30);

    public void Check(GcpKeyName name, CryptoKey key)
    {
        var level = key.Primary?.ProtectionLevel ?? key.VersionTemplate?.ProtectionLevel;
        results.Protection(
            level switch
            {
                "SOFTWARE" => CmekProtectionLevel.Software,
                { } text when text.StartsWith("HSM", StringComparison.Ordinal) => CmekProtectionLevel.Hsm,
                _ => null,
            },
            $"{name} has the protection level {level ?? "that Cloud KMS does not report"}.",
            request.Rules,
            Chain("-ProtectionLevel Hsm")
        );
        var window = GcpDuration.Parse(key.DestroyScheduledDuration) ?? DefaultWindow;
        results.DeletionWindow(
            window,
            $"A version of {name} that is destroyed is lost after {window.TotalDays:0.##} days.",
            request.Rules,
            Chain("-DestroyScheduledDuration 30.00:00:00")
        );
    }

    /// <summary>Neither can be changed: a new key has it from the beginning.</summary>
    private string Chain(string option) =>
        $"Get-CrdbCluster {ShellQuote.PowerShell(request.Cluster.Name)} | New-CrdbCmekRole | "
        + $"New-CrdbCmekKey -Name <a new name> {option} | New-CrdbCmekManifest | Invoke-CrdbCmekRotation -Wait";
}
