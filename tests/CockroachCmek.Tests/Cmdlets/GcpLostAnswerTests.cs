using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Promises 1 and 2 on Google Cloud: whatever request is cut, before or after it was processed, the pipeline (run again where it gave up) ends as a clean run does.</summary>
public sealed class GcpLostAnswerTests
{
    private const string Pipeline = "$null = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 90 | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";
    private const string Rotate = "$null = Invoke-CrdbCmekRotation gcp-us -Wait";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void Every_request_of_the_pipeline_may_be_cut(string action)
    {
        var clean = Run(null);
        Assert.Contains("ENABLED", clean.State, StringComparison.Ordinal);
        // The rest of the requests are looks at the status: the first few are as good as all.
        for (var request = 2; request <= clean.Requests + 2; request++)
        {
            var cut = Run((request, action));
            Assert.True(clean.State == cut.State, $"{action} of request {request} ({cut.Cut}) ends differently:\n{clean.State}\nbecame\n{cut.State}\n{cut.Errors}");
        }
    }

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void Every_request_of_a_rotation_may_be_cut_and_one_version_is_made(string action)
    {
        var clean = Turn(null, out var requests);
        Assert.Contains("versions 2, primary 2", clean, StringComparison.Ordinal);
        for (var request = 0; request < requests; request++)
        {
            var cut = Turn((request, action), out _);
            Assert.True(clean == cut, $"{action} of request {request}: {clean} became {cut}");
        }
    }

    private static (string State, int Requests, string Cut, string Errors) Run((int Request, string Action)? fault)
    {
        using var session = ModuleSession.WithSandbox(timeScale: 20_000, record: true);
        if (fault is { } f) session.Run($"$sandbox.AddFault([CockroachCmek.SandboxFault]@{{ Action = '{f.Action}'; Skip = {f.Request - 2} }})").Succeeds();
        var first = session.Run(Pipeline);
        var before = session.Run("$sandbox.Exchanges | Where-Object Operation -match '^POST /api' | ForEach-Object Index").Output.Select(i => (int)i.BaseObject).FirstOrDefault();
        session.Run("$sandbox.ClearFaults()");
        if (first.AllErrors.Any()) session.Run(Pipeline).Succeeds();
        var cut = string.Concat(session.Run("$sandbox.Exchanges | Where-Object { $null -eq $_.Status } | ForEach-Object Operation").Output);
        return (State(session), before, cut, string.Join("\n", first.AllErrors.Select(e => e.ErrorDetails?.Message)));
    }

    /// <summary>What there is in the clouds, without what differs from run to run.</summary>
    private static string State(ModuleSession session)
    {
        var keys = session.Run("$keys = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 90; $keys").Succeeds().Output;
        var seen = keys.Select(k => k.Text("KeyUri")).Select(uri =>
            $"{SandboxGcp.Get(session, $"{uri}/cryptoKeyVersions").GetProperty("cryptoKeyVersions").GetArrayLength()} versions, {SandboxGcp.Get(session, $"{uri}:getIamPolicy?options.requestedPolicyVersion=3").GetProperty("bindings").GetArrayLength()} bindings, rotated {SandboxGcp.Get(session, uri).GetProperty("rotationPeriod")}");
        var rings = SandboxGcp.Get(session, "projects/sandbox-customer/locations/europe-west1/keyRings/crdb-cmek/cryptoKeys").GetProperty("cryptoKeys").GetArrayLength();
        var account = session.Run("$keys[0].AuthPrincipal").Single().ToString();
        var trust = SandboxGcp.Post(session, $"projects/sandbox-customer/serviceAccounts/{account}:getIamPolicy", null).GetProperty("bindings")[0].GetProperty("members").GetArrayLength();
        var accounts = SandboxGcp.Get(session, "projects/sandbox-customer/serviceAccounts").GetProperty("accounts").GetArrayLength();
        var cmek = session.Run("$i = Get-CrdbCmek gcp-eu; $i.Status; $i.Regions | ForEach-Object { \"$($_.Region) $($_.Status) $($_.Keys.Count)\" }").Succeeds().Output.Select(o => o.ToString());
        return $"outcomes {string.Join(",", keys.Select(k => k.Text("Outcome")))}; {string.Join("; ", seen)}; keys in a ring {rings}; accounts {accounts}, trusted {trust}; cmek {string.Join(", ", cmek)}";
    }

    private static string Turn((int Request, string Action)? fault, out int requests)
    {
        using var session = ModuleSession.WithSandbox(timeScale: 20_000, record: true);
        session.Run("$null = Get-CrdbCluster gcp-us | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait; $seen = $sandbox.Exchanges.Count").Succeeds();
        if (fault is { } f) session.Run($"$sandbox.AddFault([CockroachCmek.SandboxFault]@{{ Action = '{f.Action}'; Skip = {f.Request} }})").Succeeds();
        var first = session.Run(Rotate);
        requests = session.Run("@($sandbox.Exchanges | Where-Object Method -eq PUT)[0].Index - $seen + 2").Output.Select(o => (int)o.BaseObject).FirstOrDefault();
        session.Run("$sandbox.ClearFaults()");
        if (first.AllErrors.Any()) session.Run(Rotate).Succeeds();
        var state = session.Run("$i = Get-CrdbCmek gcp-us; $i.Status; $i.Regions | ForEach-Object { \"$($_.Region) $($_.Keys.Count)\" }").Succeeds().Output.Select(o => o.ToString());
        var key = session.Run("$i.Regions[0].Keys[0].KeyUri").Single().ToString();
        var versions = SandboxGcp.Get(session, $"{key}/cryptoKeyVersions").GetProperty("cryptoKeyVersions").GetArrayLength();
        return $"{string.Join(", ", state)}; versions {versions}, primary {SandboxGcp.Get(session, key).GetProperty("primary").GetProperty("name").GetString()!.Split('/')[^1]}";
    }
}
