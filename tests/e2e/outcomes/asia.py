"""The clouds that ask for signed requests: all of them tell failures by codes of their own."""

from tests.e2e.outcomes.kind import Kind, failures_of
from tests.parts import alibaba, huawei, tencent

KINDS = {
    "alibaba": Kind(
        f"{{server: a-registry.cn-hangzhou.cr.aliyuncs.com, instance_id: {alibaba.INSTANCE}}}",
        {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": alibaba.KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": alibaba.SECRET,
        },
        failures_of(
            "alibaba", alibaba.refusal("NoPrivilege", 403), alibaba.refusal("Throttling.User")
        ),
    ),
    "huawei": Kind(
        f"{{server: {huawei.SERVER}}}",
        {"HUAWEICLOUD_SDK_AK": huawei.ACCESS_KEY, "HUAWEICLOUD_SDK_SK": huawei.SECRET_KEY},
        failures_of(
            "huawei",
            huawei.service_refusal(403, "SVCSTG.SWR.4030170"),
            huawei.gateway_refusal(429, "APIGW.0308"),
        ),
    ),
    "tencent": Kind(
        f"{{server: a.tencentcloudcr.com, registry_id: {tencent.REGISTRY}, "
        f"region: {tencent.REGION}}}",
        {
            "TENCENTCLOUD_SECRET_ID": tencent.SECRET_ID,
            "TENCENTCLOUD_SECRET_KEY": tencent.SECRET_KEY,
        },
        failures_of(
            "tencent",
            tencent.refusal("FailedOperation.ErrorTcrUnauthorized"),
            tencent.refusal("RequestLimitExceeded"),
        ),
    ),
}
