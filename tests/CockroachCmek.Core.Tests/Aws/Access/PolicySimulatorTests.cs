using System.Text.Json.Nodes;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;
using CockroachCmek.Core.Tests.Sandbox;

namespace CockroachCmek.Core.Tests.Aws.Access;

/// <summary>
/// The evaluator against a simulator of IAM that this project did not write, @cloud-copilot/iam-simulate from npm. It
/// runs as a program beside the test and is neither shipped nor copied.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class PolicySimulatorTests(ITestOutputHelper output)
{
    private const int Policies = 2000;

    /// <summary>
    /// Runs every case in four worlds, in which what the evaluator cannot see is as wished, otherwise, absent, and
    /// mixed.
    /// </summary>
    private const string Script = """
        const fs = require('fs');
        (async () => {
          const { runSimulation } = await import('@cloud-copilot/iam-simulate');
          const { account, key, cases } = JSON.parse(fs.readFileSync('cases.json', 'utf8'));
          const worlds = [
            { session: 'crdb', hidden: { 'aws:PrincipalOrgID': 'o-abc1234567', 'aws:SourceIp': '203.0.113.5',
              'aws:MultiFactorAuthPresent': 'true', 'aws:PrincipalTag/team': 'db' } },
            { session: 'other', hidden: { 'aws:PrincipalOrgID': 'o-zzz1234567', 'aws:SourceIp': '198.51.100.1',
              'aws:MultiFactorAuthPresent': 'false', 'aws:PrincipalTag/team': 'web' } },
            { session: 'third', hidden: {} },
            { session: 'crdb', hidden: { 'aws:SourceIp': '203.0.113.5', 'aws:PrincipalTag/team': 'web',
              'aws:MultiFactorAuthPresent': 'false' } },
          ];
          const now = new Date();
          const results = [];
          for (const c of cases) {
            const known = {
              'aws:SecureTransport': 'true', 'aws:PrincipalArn': c.role, 'aws:PrincipalAccount': c.roleAccount,
              'aws:PrincipalType': 'AssumedRole', 'aws:CurrentTime': now.toISOString(),
              'aws:EpochTime': String(Math.floor(now / 1000)), 'aws:ViaAWSService': 'false',
              'aws:PrincipalIsAWSService': 'false', 'aws:ResourceAccount': account,
              'aws:RequestedRegion': 'us-east-1', 'kms:CallerAccount': c.roleAccount };
            const row = {};
            for (const action of c.actions) {
              row[action] = [];
              for (const world of worlds) {
                const simulation = {
                  request: {
                    principal: `arn:aws:sts::${c.roleAccount}:assumed-role/${c.roleName}/${world.session}`,
                    action, resource: { resource: key, accountId: account },
                    contextVariables: { ...known, ...world.hidden } },
                  identityPolicies: c.identity.map((policy, i) => ({ name: `p${i}`, policy })),
                  serviceControlPolicies: [], resourceControlPolicies: [], resourcePolicy: c.key };
                if (c.boundary) simulation.permissionBoundaryPolicies = [{ name: 'b', policy: c.boundary }];
                const run = await runSimulation(simulation, {});
                const { resultType, overallResult, errors } = run;
                row[action].push(resultType === 'error' ? JSON.stringify(errors) : overallResult);
              }
            }
            results.push(row);
          }
          fs.writeFileSync('results.json', JSON.stringify(results));
        })().catch(e => { console.error(e); process.exit(1); });
        """;

    [Fact]
    public async Task No_grant_and_no_denial_is_false_for_2000_generated_policies()
    {
        var folder = Directory.CreateTempSubdirectory("crdb-simulate-");
        try
        {
            await ExternalProgram.InstallNpmAsync(folder.FullName, "@cloud-copilot/iam-simulate@0.1.173");
            var generator = new PolicyGenerator(seed: 11);
            var random = new Random(11);
            var cases = new JsonArray();
            for (var i = 0; i < Policies; i++)
            {
                var next = generator.Next();
                next["actions"] = new JsonArray("kms:Decrypt", KmsActions.Needed[random.Next(KmsActions.Needed.Count)]);
                cases.Add((JsonNode)next);
            }

            var input = new JsonObject
            {
                ["account"] = PolicyGenerator.Account,
                ["key"] = PolicyGenerator.Key,
                ["cases"] = cases,
            };
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "cases.json"), input.ToJsonString());
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "simulate.js"), Script);
            var run = await ExternalProgram.RunAsync("node", folder.FullName, null, "simulate.js");
            Assert.True(run.ExitCode == 0, run.Output + run.Error);
            var results = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder.FullName, "results.json")))!;
            Compare(cases, (JsonArray)results);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private void Compare(JsonArray cases, JsonArray results)
    {
        var counts = new SortedDictionary<string, int>();
        var wrong = new List<string>();
        for (var i = 0; i < cases.Count; i++)
            foreach (var (action, worlds) in results[i]!.AsObject())
            {
                string[] theirs = [.. worlds!.AsArray().Select(w => (string)w!)];
                var ours = Judge(cases[i]!.AsObject(), action);
                counts[$"{ours}"] = counts.GetValueOrDefault($"{ours}") + 1;
                var isFalse = ours switch
                {
                    CmekAccessVerdict.Granted => theirs.Any(t => t != "Allowed"),
                    CmekAccessVerdict.NotGranted or CmekAccessVerdict.Denied => theirs.Any(t =>
                        t is not ("ImplicitlyDenied" or "ExplicitlyDenied")
                    ),
                    _ => false,
                };
                if (isFalse)
                    wrong.Add($"{action} {ours}, they: {string.Join(" ", theirs)}; {cases[i]!.ToJsonString()}");
            }

        output.WriteLine(string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}")) + $"; false {wrong.Count}");
        Assert.True(wrong.Count == 0, $"{wrong.Count} false:\n{string.Join("\n", wrong.Take(8))}");
    }

    private static CmekAccessVerdict Judge(JsonObject row, string action)
    {
        var account = (string)row["roleAccount"]!;
        var policies = new KeyPolicies
        {
            Key = PolicyText.Parse(row["key"]!.AsObject()),
            Role = new RolePolicies
            {
                Identity =
                [
                    .. row["identity"]!.AsArray().Select(p => new NamedPolicy("p", PolicyText.Parse(p!.AsObject()))),
                ],
                Boundary = row["boundary"] is JsonObject boundary
                    ? new NamedPolicy("b", PolicyText.Parse(boundary))
                    : null,
            },
        };
        var key = new JudgedKey(PolicyGenerator.Key, PolicyGenerator.Account, "us-east-1", DateTimeOffset.UtcNow);
        var role = PolicySubject.Role((string)row["role"]!, account);
        return new KeyJudge(policies, key, role).Judge([action])[0].Verdict;
    }
}
