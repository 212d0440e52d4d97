namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>What is broken, odd or in motion while a cluster is revoked.</summary>
public enum MatrixState
{
    /// <summary>Nothing is broken.</summary>
    Healthy,

    /// <summary>A manifest names the keys and CockroachDB Cloud is not to be asked.</summary>
    KmsOnly,

    /// <summary>CockroachDB Cloud refuses connections; a manifest names the keys.</summary>
    ApiDown,

    /// <summary>CockroachDB Cloud needs ten minutes for each response.</summary>
    ApiSlow,

    /// <summary>CockroachDB Cloud answers 500 for one other cluster.</summary>
    NeighbourFails,

    /// <summary>CockroachDB Cloud answers 403; a manifest names the keys.</summary>
    ApiForbidden,

    /// <summary>A policy names a principal that was deleted.</summary>
    StalePrincipal,

    /// <summary>Policies and grants of keys cannot be written.</summary>
    GrantsLocked,

    /// <summary>The identity cannot be changed.</summary>
    IdentityLocked,

    /// <summary>The state of keys cannot be changed.</summary>
    KeysLocked,

    /// <summary>A past key cannot be read.</summary>
    PastKeyUnreadable,

    /// <summary>A past key can be read and not changed.</summary>
    PastKeyUnchangeable,

    /// <summary>A past key was deleted.</summary>
    PastKeyDeleted,

    /// <summary>A key in force has a replica in a region that the cluster does not use.</summary>
    ExtraReplica,

    /// <summary>The grant is on the project or subscription.</summary>
    InheritedGrant,

    /// <summary>The grant goes through a group.</summary>
    GroupGrant,

    /// <summary>The grant is in a policy of the identity.</summary>
    IdentityPolicy,

    /// <summary>Another cluster uses the same keys through the same identity.</summary>
    SharedKey,

    /// <summary>The credentials for this cloud have expired.</summary>
    ExpiredToken,

    /// <summary>Somebody else changes the same things between a write and its read-back.</summary>
    ForeignChange,

    /// <summary>One key's endpoint resets every connection.</summary>
    KeyUnreachable,

    /// <summary>Two clusters are revoked at once.</summary>
    TwoClusters,

    /// <summary>Two administrators revoke the cluster at once.</summary>
    SecondAdmin,

    /// <summary>
    /// The run is stopped after its first write and started again; with the default method, after each of its calls.
    /// </summary>
    Evicted,
}
