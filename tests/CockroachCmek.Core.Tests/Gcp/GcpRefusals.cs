using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Asserts on errors that must come before anything is written.</summary>
internal static class GcpRefusals
{
    /// <summary>Runs work that must fail with an error id and a next command, and must change nothing.</summary>
    public static async Task<CmekException> RefusesAsync(this GcpWorld world, string errorId, Func<Task> work)
    {
        var before = world.LastRequest;
        var error = await Assert.ThrowsAsync<CmekException>(work);
        Assert.Equal(errorId, error.ErrorId);
        Assert.NotEmpty(error.RecommendedAction);
        Assert.DoesNotContain(world.Server.Exchanges, e =>
            e.Request.Index > before && e.Response?.Status == 200 && GcpWorld.IsWrite(e.Request)
        );
        world.ConformsToSpecification();
        return error;
    }
}
