using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Another runspace disconnects the session while a cmdlet works: that is an error, never a success.</summary>
[Collection(OneAtATime.Name)]
public sealed class SessionEndTests
{
    /// <summary>The sandbox holds back every response that tells the state of CMEK, for five seconds.</summary>
    private const string Slow =
        "$slow = [CockroachCmek.SandboxFault]::new(); $slow.Service = 'cloud'; $slow.Method = 'GET'; "
        + "$slow.Pattern = '/cmek'; $slow.Count = 100; $sandbox.AddFault($slow)";

    [Theory]
    [InlineData("Get-CrdbCmek prod-eu-old")]
    [InlineData("Wait-CrdbCmek prod-eu-old")]
    [InlineData("Test-CrdbCmek prod-eu-old -Quiet")]
    [InlineData("Invoke-CrdbCmekRotation prod-eu-old -Wait")]
    public async Task A_session_that_is_disconnected_while_a_request_runs_is_an_error(string command)
    {
        using var session = ModuleSession.WithSandbox(timeScale: 1);
        session.Run(Slow).Succeeds();
        var result = await DisconnectDuringAsync(session, $"{command}; $succeeded = $?");
        result.FailsWith("SessionEnded");
        Assert.Empty(result.Output);
        Assert.Equal(false, session.Run("$succeeded").Single().BaseObject);
    }

    [Theory]
    [InlineData("Get-CrdbCmek prod-eu-old")]
    [InlineData("Wait-CrdbCmek prod-eu-old")]
    [InlineData("Test-CrdbCmek prod-eu-old -Quiet")]
    [InlineData("Invoke-CrdbCmekRotation prod-eu-old -Wait")]
    public async Task ErrorAction_Stop_throws_when_the_session_is_disconnected(string command)
    {
        using var session = ModuleSession.WithSandbox(timeScale: 1);
        session.Run(Slow).Succeeds();
        var script = $"try {{ {command} -ErrorAction Stop; 'no error' }} catch {{ $_.FullyQualifiedErrorId }}";
        var result = await DisconnectDuringAsync(session, script);
        Assert.StartsWith("SessionEnded,", result.Single().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotation_that_loses_its_session_after_the_KMS_rotated_is_an_error()
    {
        using var session = ModuleSession.WithSandbox(timeScale: 1, record: true);
        var sandbox = session.Sandbox;
        var script = "Invoke-CrdbCmekRotation prod-eu-old -Wait; $succeeded = $?";
        var handle = CurrentSession(session);
        var running = Task.Run(() => session.Run(script), TestContext.Current.CancellationToken);
        await Until(() => Operations(sandbox).Contains("kms:RotateKeyOnDemand"));
        Disconnect(handle);
        (await running).FailsWith("SessionEnded");
        Assert.Equal(false, session.Run("$succeeded").Single().BaseObject);
    }

    [Theory]
    [InlineData("Get-CrdbSession")]
    [InlineData("Get-CrdbCluster")]
    [InlineData("Get-CrdbCmek prod-eu-old")]
    public void The_current_session_of_another_runspace_reports_that_it_ended(string command)
    {
        using var session = ModuleSession.WithSandbox();
        Disconnect(CurrentSession(session));
        session.Run(command).FailsWith("SessionEnded");
        session.Run(ModuleSession.Connect).Succeeds();
        session.Run(command).Succeeds();
    }

    private static async Task<ScriptResult> DisconnectDuringAsync(ModuleSession session, string script)
    {
        var handle = CurrentSession(session);
        using var starts = new RequestStarts("/cmek");
        var running = Task.Run(() => session.Run(script), TestContext.Current.CancellationToken);
        await starts.WaitAsync();
        Disconnect(handle);
        return await running;
    }

    private static object CurrentSession(ModuleSession session) =>
        session.Run("Get-CrdbSession").Succeeds().Single().BaseObject;

    private static void Disconnect(object handle)
    {
        using var other = new ModuleSession();
        other.Run("Disconnect-CrdbCloud $handle", ("handle", handle)).Succeeds();
    }

    private static IEnumerable<string> Operations(System.Management.Automation.PSObject sandbox) =>
        ((System.Collections.IEnumerable)sandbox.Get("Exchanges")!)
            .Cast<object>()
            .Select(e => System.Management.Automation.PSObject.AsPSObject(e).Text("Operation"));

    private static async Task Until(Func<bool> isTrue)
    {
        var limit = DateTime.UtcNow.AddSeconds(30);
        while (!isTrue())
        {
            Assert.True(DateTime.UtcNow < limit, "It did not happen within 30 seconds.");
            await Task.Yield();
        }
    }
}
