using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox's clock, as a session that is connected to the sandbox uses it.</summary>
internal static class SandboxTime
{
    public static ScaledTimeProvider Time(this SandboxServer server) =>
        ScaledTimeProvider.Follow(server.Clock, server.Clock.Scale);
}
