"""What the INFO commands of the probabilistic types return."""

from redis_aio._replies.bf import BFInfo, CFInfo, CMSInfo, TDigestInfo, TopKInfo

__all__ = ["BFInfo", "CFInfo", "CMSInfo", "TDigestInfo", "TopKInfo"]
