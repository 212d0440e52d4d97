using CockroachCmek.Core.Cmek;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Cmek;

public sealed class PollLogTests
{
    [Fact]
    public async Task Of_polls_that_say_the_same_the_first_and_the_last_are_verbose()
    {
        var host = new RecordingLog();
        var log = new PollLog(host);
        for (var i = 0; i < 5; i++)
            await Poll(i, $"GET {i}");
        Assert.Equal(["GET 0", "GET 4"], host.VerboseLines);

        await Poll(1, "429, waiting for 2 s", "GET 1");
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            log.PollAsync<int>(
                () =>
                {
                    log.Verbose("GET failed");
                    throw new InvalidOperationException();
                },
                _ => false
            )
        );
        Assert.Equal(["429, waiting for 2 s", "GET 1", "GET failed"], host.VerboseLines.Skip(2));

        Task<int> Poll(int state, params string[] lines) =>
            log.PollAsync(
                () =>
                {
                    foreach (var line in lines)
                        log.Verbose(line);
                    return Task.FromResult(state);
                },
                s => s == 4
            );
    }
}
