# The version is the lock's: tests/unit/test_compose.py holds them together.
FROM apache/airflow:3.3.2-python3.12

COPY requirements.txt /opt/airflow/requirements.txt
RUN pip install --no-cache-dir --require-hashes -r /opt/airflow/requirements.txt

# Made here, so that the volumes mounted on them belong to the image's user.
RUN mkdir -p /opt/airflow/state /opt/airflow/logs

COPY dags /opt/airflow/dags
COPY plugins /opt/airflow/plugins
COPY include /opt/airflow/include
COPY sql /opt/airflow/sql
COPY expectations /opt/airflow/expectations

ENV PYTHONPATH=/opt/airflow \
    CRM_STATE=/opt/airflow/state \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    DO_NOT_TRACK=1 \
    SCARF_NO_ANALYTICS=true \
    GX_ANALYTICS_ENABLED=false \
    RUNTIME__DLTHUB_TELEMETRY=false
